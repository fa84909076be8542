// A button that opens a small panel of buttons and links: what is needed now and then. The panel is placed by the button's
// place in the window, so that no frame with a scrollbar cuts it off.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from './button.jsx';

const gap = 4;

/** Under the button, or above it where there is more room, and within the window. */
function place(panel, button) {
  const box = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const below = innerHeight - box.bottom - gap;
  const top = below >= height || below >= box.top ? box.bottom + gap : Math.max(box.top - gap - height, gap);
  const left = box.left + width + gap <= innerWidth ? box.left : box.right - width;
  Object.assign(panel.style, { top: `${top}px`, left: `${Math.max(left, gap)}px` });
}

/** trigger(props): renders the button with these props. children: the panel; a click on a button or link in it closes it. */
export function Menu({ label, trigger, children, class: extra = '' }) {
  const [open, setOpen] = useState(false);
  const frame = useRef(null);
  const panel = useRef(null);
  const button = () => frame.current.querySelector('[aria-expanded]');
  const close = (takeFocus) => {
    setOpen(false);
    if (takeFocus) button()?.focus();
  };
  useEffect(() => {
    if (!open) return undefined;
    place(panel.current, button());
    panel.current.querySelector('a, button')?.focus();
    const leave = (event) => {
      if (!frame.current?.contains(event.target)) close(false);
    };
    const gone = () => close(false);
    addEventListener('pointerdown', leave);
    addEventListener('focusin', leave);
    addEventListener('resize', gone);
    return () => {
      removeEventListener('pointerdown', leave);
      removeEventListener('focusin', leave);
      removeEventListener('resize', gone);
    };
  }, [open]);
  const press = (event) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      event.preventDefault();
      close(true);
    }
    if (!['ArrowDown', 'ArrowUp'].includes(event.key) || event.target.matches('select, input')) return;
    event.preventDefault();
    const items = [...panel.current.querySelectorAll('a, button, select')];
    const at = items.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1);
    items[(at + items.length) % items.length].focus();
  };
  const click = (event) => {
    // The focus goes back before a dialog that the item opens takes it, so that the dialog can give it back.
    if (event.target.closest('a, button:not([aria-pressed])')) close(true);
  };
  return (
    <span class={`menu ${extra}`} ref={frame}>
      {trigger({ 'aria-expanded': open, 'aria-haspopup': 'true', onClick: () => setOpen(!open) })}
      {open && <div class="menu-panel" role="group" aria-label={label} ref={panel} onKeyDown={press} onClickCapture={click}>{children}</div>}
    </span>
  );
}

/** The menu of a row: what else can be done with it. */
export function RowMenu({ label, children }) {
  return <Menu label={label} class="row-menu" trigger={(props) => <Button kind="quiet" icon="more" aria-label={label} {...props} />}>{children}</Menu>;
}
