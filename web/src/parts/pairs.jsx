// Labels with their values: figures, and facts about one thing.
import { number } from '../format.js';

const shown = (value) => (typeof value === 'number' ? number(value) : value ?? '–');

/** pairs: [[label, value]]; what is false is left out. */
export const Pairs = ({ pairs, class: look = 'figures', ...rest }) => (
  <dl {...rest} class={look}>{pairs.map((pair, place) => pair && <div key={place}><dt>{pair[0]}</dt><dd>{shown(pair[1])}</dd></div>)}</dl>
);
