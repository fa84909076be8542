// The sequence of a campaign: steps and their variants, and how they are changed.
import { useRef, useState } from 'preact/hooks';
import * as api from '../api.js';
import { changesOf } from '../changes.js';
import { number, percent } from '../format.js';
import { useApp, useGet } from '../hooks.js';
import { Button } from '../parts/button.jsx';
import { DeleteDialog, FormDialog } from '../parts/dialog.jsx';
import { CheckField, SelectField, TextAreaField, TextField, optionsOf } from '../parts/field.jsx';
import { RowMenu } from '../parts/menu.jsx';
import { Empty, ErrorNotice } from '../parts/notice.jsx';
import { Skeleton } from '../parts/skeleton.jsx';
import { Badge } from '../parts/text.jsx';

export const stepNames = { visit_profile: 'Visit the profile', invitation: 'Invitation', message: 'Message' };
const templateHint = 'Fields in double braces are filled in: {{firstName}}, {{lastName}}, {{companyName}}, {{headline}} or a variable. {{firstName|there}} says “there” when the lead has none.';

function delayText(hours) {
  if (!hours) return 'immediately';
  return hours % 24 === 0 ? `after ${number(hours / 24)} ${hours === 24 ? 'day' : 'days'}` : `after ${number(hours)} ${hours === 1 ? 'hour' : 'hours'}`;
}

/** A step or variant as it is saved now, by its id; what is given when it is gone. */
async function savedNow(campaign, one) {
  const { steps } = (await api.get(api.path('campaigns', campaign.id))).data;
  return steps.flatMap((step) => [step, ...step.variants ?? []]).find(({ id }) => id === one.id) ?? one;
}

const labels = { type: 'What', delayHours: 'Wait in hours', genericBody: 'Text', body: 'Text' };

/** step: null for a new one. */
function StepDialog({ campaign, step, onDone, onClose }) {
  const [type, setType] = useState(step?.type ?? 'message');
  const inDays = !step || step.delayHours % 24 === 0;
  const [unit, setUnit] = useState(inDays ? 'days' : 'hours');
  const [delay, setDelay] = useState(String(step ? step.delayHours / (inDays ? 24 : 1) : 0));
  const [body, setBody] = useState(step?.genericBody ?? '');
  const [stops, setStops] = useState(step?.stopOnReply ?? true);
  const delayHours = Math.round(Number(delay) * (unit === 'days' ? 24 : 1));
  const fields = { type, delayHours, stopOnReply: stops, genericBody: type === 'visit_profile' || !body.trim() ? null : body };
  const base = useRef(fields);
  const save = async () => {
    const steps = api.path('campaigns', campaign.id, 'steps');
    await (step ? api.put(`${steps}/${encodeURIComponent(step.id)}`, changesOf(base.current, fields, await savedNow(campaign, step), labels, { type: stepNames })) : api.post(steps, fields));
    onDone();
  };
  return (
    <FormDialog title={step ? 'Edit step' : 'New step'} wide submitLabel={step ? 'Save' : 'Add step'} onSubmit={save} onClose={onClose}>
      <SelectField label="What" value={type} onValue={setType} options={optionsOf(stepNames)} disabled={Boolean(step?.variants?.length)} />
      <div class="form-row">
        <TextField label="Wait" type="number" min="0" max={unit === 'days' ? 365 : 8760} step={unit === 'days' ? 'any' : '1'} value={delay} onValue={setDelay} required hint="Since the step before was done" />
        <SelectField label="Unit" value={unit} onValue={setUnit} options={[{ value: 'days', label: 'Days' }, { value: 'hours', label: 'Hours' }]} />
      </div>
      {type !== 'visit_profile' && <TextAreaField label={type === 'message' ? 'Text' : 'Text (optional)'} value={body} onValue={setBody} maxLength={10_000} rows={7} hint={templateHint} required={type === 'message' && !step?.variants?.some(({ isDisabled }) => !isDisabled)} />}
      <CheckField label="End the sequence when the lead replies" checked={stops} onChecked={setStops} />
    </FormDialog>
  );
}

function VariantDialog({ campaign, path, variant, onDone, onClose }) {
  const [body, setBody] = useState(variant?.body ?? '');
  const base = useRef({ body });
  const save = async () => {
    await (variant ? api.put(`${path}/${encodeURIComponent(variant.id)}`, changesOf(base.current, { body }, await savedNow(campaign, variant), labels)) : api.post(path, { body }));
    onDone();
  };
  return (
    <FormDialog title={variant ? 'Edit variant' : 'New variant'} wide submitLabel={variant ? 'Save' : 'Add variant'} onSubmit={save} onClose={onClose}>
      <TextAreaField label="Text" value={body} onValue={setBody} maxLength={8_000} rows={7} required hint={templateHint} />
      <p class="muted">Each lead gets one of the variants that are on, evenly, in place of the step’s own text.</p>
    </FormDialog>
  );
}

/** share: of the leads, that get it. counts: what came of it; null before anything was sent. */
function Variant({ variant, letter, share, type, counts, on, canWrite }) {
  const name = `variant ${letter}`;
  return (
    <li class="variant">
      <div class="section-head">
        <h3>Variant {letter} {variant.isDisabled ? <Badge kind="warn">Off</Badge> : <Badge>{percent(share)} of the leads</Badge>}</h3>
        {counts && <span class="muted">{number(counts.done)} sent, {type === 'invitation' && `${number(counts.accepted)} accepted, `}{number(counts.replied)} replied{counts.done > 0 && ` (${percent(counts.replied / counts.done)})`}</span>}
        {canWrite && (
          <RowMenu label={`Actions for ${name}`}>
            <Button kind="quiet" onClick={() => on.edit(variant)}>Edit</Button>
            <Button kind="quiet" onClick={() => on.toggle(variant)}>{variant.isDisabled ? 'Turn on' : 'Turn off'}</Button>
            <Button kind="quiet" onClick={() => on.remove(variant, name)}>Delete</Button>
          </RowMenu>
        )}
      </div>
      <p class="step-body">{variant.body}</p>
    </li>
  );
}

/** When the step's own text is sent, if it has variants. */
function bodyLabel(variants) {
  return variants.every((variant) => variant.isDisabled) ? 'All variants are off: leads get this text' : 'Not sent while a variant is on';
}

function Step({ campaign, step, place, last, on }) {
  const { canWrite } = useApp();
  const path = `${api.path('campaigns', campaign.id, 'steps', step.id)}`;
  const variants = step.variants ?? [];
  const share = 1 / variants.filter((variant) => !variant.isDisabled).length;
  const countsOf = (id) => campaign.analytics.variants?.find(({ variantId }) => variantId === id);
  const name = `step ${place + 1}`;
  const onVariant = {
    edit: (variant) => on.open({ dialog: 'variant', path: `${path}/variants`, variant }),
    toggle: (variant) => on.act(() => api.put(`${path}/variants/${encodeURIComponent(variant.id)}`, { isDisabled: !variant.isDisabled })),
    remove: (variant, title) => on.open({ dialog: 'delete', what: { path: `${path}/variants/${encodeURIComponent(variant.id)}`, title: `Delete ${title}?`, text: 'Leads that were sent it stay as they are. Others get another variant, or the text of the step.' } }),
  };
  return (
    <li class="card">
      <div class="section-head">
        <h2>{stepNames[step.type] ?? step.type}</h2>
        {canWrite && (
          <div class="button-row">
            <Button onClick={() => on.open({ dialog: 'step', step })} aria-label={`Edit ${name}`}>Edit</Button>
            <RowMenu label={`Actions for ${name}`}>
              {place > 0 && <Button kind="quiet" onClick={() => on.act(() => api.put(path, { order: place }))}>Move up</Button>}
              {place < last && <Button kind="quiet" onClick={() => on.act(() => api.put(path, { order: place + 2 }))}>Move down</Button>}
              {step.type !== 'visit_profile' && <Button kind="quiet" onClick={() => on.open({ dialog: 'variant', path: `${path}/variants` })}>Add a variant</Button>}
              <Button kind="quiet" onClick={() => on.open({ dialog: 'delete', what: { path, title: `Delete ${name}?`, text: 'Leads that wait for it go on with the step after it. Its variants go with it.' } })}>Delete</Button>
            </RowMenu>
          </div>
        )}
      </div>
      <p class="muted">{delayText(step.delayHours)}{step.stopOnReply && ' · ends when the lead replies'}</p>
      {step.genericBody && variants.length > 0 && <p class="muted">{bodyLabel(variants)}</p>}
      {step.genericBody && <p class="step-body">{step.genericBody}</p>}
      {variants.length > 0 && <ul class="variants" aria-label="Variants">{variants.map((variant, index) => <Variant key={variant.id} variant={variant} letter={String.fromCharCode(65 + index)} share={share} type={step.type} counts={countsOf(variant.id)} on={onVariant} canWrite={canWrite} />)}</ul>}
    </li>
  );
}

/** onChange: what is told of the campaign may be another. */
export function SequenceTab({ campaign, onChange }) {
  const { canWrite } = useApp();
  const [open, setOpen] = useState({});
  const [failure, setFailure] = useState(null);
  const { data, error, reload } = useGet(api.path('campaigns', campaign.id));
  const steps = data?.steps;
  if (error && !steps) return <ErrorNotice error={error} onRetry={reload} />;
  if (!steps) return <Skeleton />;
  const close = () => setOpen({});
  const done = () => {
    close();
    setFailure(null);
    reload();
    onChange();
  };
  const act = (change) => change().then(done, setFailure);
  const add = canWrite && <Button kind={steps.length > 0 ? 'plain' : 'primary'} icon="add" onClick={() => setOpen({ dialog: 'step', step: null })}>Add a step</Button>;
  return (
    <>
      <ErrorNotice error={failure} />
      {steps.length === 0
        ? <Empty title="This campaign has no steps yet"><p>Steps say what each lead gets, one after the other: a visit, an invitation, messages.</p>{add}</Empty>
        : <ol class="steps">{steps.map((step, place) => <Step key={step.id} campaign={campaign} step={step} place={place} last={steps.length - 1} on={{ open: setOpen, act }} />)}</ol>}
      {steps.length > 0 && <p>{add}</p>}
      {open.dialog === 'step' && <StepDialog campaign={campaign} step={open.step} onDone={done} onClose={close} />}
      {open.dialog === 'variant' && <VariantDialog campaign={campaign} path={open.path} variant={open.variant} onDone={done} onClose={close} />}
      {open.dialog === 'delete' && <DeleteDialog title={open.what.title} confirmLabel="Delete" path={open.what.path} onDone={done} onClose={close}><p>{open.what.text}</p></DeleteDialog>}
    </>
  );
}
