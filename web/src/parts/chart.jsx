// Blocks above the line and unblocks below it, a bar for each day. The chart is a picture for the eye, drawn as SVG so that
// its colours follow the theme; the same figures are available as a table.
import { useEffect, useRef, useState } from 'preact/hooks';
import { day, number } from '../format.js';

const height = 240;
const edge = { top: 10, right: 4, bottom: 26, left: 44 };
const labelWidth = 84;

function useWidth(place) {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const measure = () => setWidth(place.current?.clientWidth ?? 0);
    const observer = new ResizeObserver(measure);
    observer.observe(place.current);
    measure();
    return () => observer.disconnect();
  }, []);
  return width;
}

/** The distance of the grid lines: 1, 2 or 5 followed by zeros, so that there are about four. */
export function gridStep(range) {
  const rough = Math.max(range / 4, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough);
  return factor * power;
}

function scaleOf(days, width) {
  const up = Math.max(...days.map((entry) => entry.blocked), 1);
  const down = Math.max(...days.map((entry) => entry.unblocked));
  const step = gridStep(up + down);
  const high = Math.ceil(up / step) * step;
  const low = down; // the space below the line is as large as what is in it
  const inner = height - edge.top - edge.bottom;
  const slot = Math.max(width - edge.left - edge.right, 0) / days.length;
  const lines = Array.from({ length: Math.floor((high + low) / step) + 1 }, (_, index) => high - index * step);
  return { slot, lines, y: (value) => edge.top + ((high - value) / (high + low)) * inner, x: (index) => edge.left + index * slot };
}

function Grid({ scale, width }) {
  return scale.lines.map((value) => (
    <g key={value}>
      <line class={value === 0 ? 'zero' : 'grid'} x1={edge.left} x2={width - edge.right} y1={scale.y(value)} y2={scale.y(value)} />
      <text x={edge.left - 8} y={scale.y(value) + 4} text-anchor="end">{number(Math.abs(value))}</text>
    </g>
  ));
}

function DayLabels({ days, scale }) {
  const every = Math.ceil(labelWidth / Math.max(scale.slot, 1));
  // Counted from the newest day, which is always named.
  return days.map((entry, index) => (days.length - 1 - index) % every === 0 && scale.x(index) >= edge.left && (
    <text key={entry.date} x={scale.x(index + 1)} y={height - 6} text-anchor="end">{day(entry.date)}</text>
  ));
}

function Bars({ days, scale, shown }) {
  const gap = scale.slot > 6 ? 2 : 0.5;
  const width = Math.max(scale.slot - gap, 0.5);
  return days.map((entry, index) => (
    <g key={entry.date} class={index === shown ? 'shown' : ''}>
      <rect class="blocked" x={scale.x(index)} y={scale.y(entry.blocked)} width={width} height={scale.y(0) - scale.y(entry.blocked)} />
      <rect class="unblocked" x={scale.x(index)} y={scale.y(0)} width={width} height={scale.y(-entry.unblocked) - scale.y(0)} />
    </g>
  ));
}

function Legend({ shown }) {
  return (
    <p class="legend">
      <span class="key one">Blocked {shown && <b>{number(shown.blocked)}</b>}</span>
      <span class="key two">Unblocked {shown && <b>{number(shown.unblocked)}</b>}</span>
      <span class="muted">{shown ? day(shown.date) : 'per day (UTC)'}</span>
    </p>
  );
}

function describe(days) {
  const sum = (name) => number(days.reduce((total, entry) => total + entry[name], 0));
  return `Blocks and unblocks per day: ${sum('blocked')} blocked and ${sum('unblocked')} unblocked in ${days.length} days. The table has the figures.`;
}

/** Without a bar a chart says nothing: words say more. */
function Nothing({ days }) {
  return <p class="nothing">Nothing was blocked or unblocked in these {days.length} days.</p>;
}

export function DaysChart({ days }) {
  return days.some((entry) => entry.blocked + entry.unblocked > 0) ? <BarChart days={days} /> : <Nothing days={days} />;
}

function BarChart({ days }) {
  const place = useRef(null);
  const width = useWidth(place);
  const [index, setIndex] = useState(null);
  const scale = scaleOf(days, width);
  const point = (event) => {
    const at = Math.floor((event.clientX - place.current.getBoundingClientRect().left - edge.left) / scale.slot);
    setIndex(at >= 0 && at < days.length ? at : null);
  };
  return (
    <div class="chart">
      <Legend shown={index === null ? null : days[index]} />
      <div ref={place} class="plot" onPointerMove={point} onPointerLeave={() => setIndex(null)}>
        {width > 0 && (
          <svg width={width} height={height} role="img" aria-label={describe(days)}>
            <Grid scale={scale} width={width} />
            <Bars days={days} scale={scale} shown={index} />
            <DayLabels days={days} scale={scale} />
          </svg>
        )}
      </div>
    </div>
  );
}
