// Blocks and unblocks per day. The chart is a picture for the eye; the same figures can be had as a table.
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { day, number } from '../format.js';

const height = 240;

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return { blocked: read('--chart-1'), unblocked: read('--chart-2'), text: read('--muted'), line: read('--line') };
}

function axes({ text, line }) {
  const shared = { stroke: text, font: '12px system-ui, sans-serif', grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const dayOf = (second) => day(new Date(second * 1000).toISOString().slice(0, 10));
  return [
    { ...shared, grid: { show: false }, space: 70, values: (_, splits) => splits.map(dayOf) },
    { ...shared, size: 56, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6],
      values: (_, splits) => splits.map((value) => (Number.isInteger(value) ? number(value) : '')) },
  ];
}

function optionsOf(width, onDay) {
  const paint = colours();
  const series = (label, stroke) => ({ label, stroke, width: 2, fill: `${stroke}22`, points: { show: false } });
  return {
    width, height, padding: [8, 8, 0, 0], legend: { show: false },
    tzDate: (second) => uPlot.tzDate(new Date(second * 1000), 'Etc/UTC'),
    scales: { y: { range: (_, min, max) => [0, Math.max(max * 1.1, 4)] } },
    cursor: { y: false, drag: { x: false, y: false } },
    series: [{}, series('Blocked', paint.blocked), series('Unblocked', paint.unblocked)],
    axes: axes(paint),
    hooks: { setCursor: [(plot) => onDay(plot.cursor.idx ?? null)] },
  };
}

const dataOf = (days) => [
  days.map((entry) => Date.parse(`${entry.date}T00:00:00Z`) / 1000),
  days.map((entry) => entry.blocked),
  days.map((entry) => entry.unblocked),
];

/** Draws again when the figures or the theme change, and follows the width of its place. */
function usePlot(place, days, theme, onDay) {
  useEffect(() => {
    const plot = new uPlot(optionsOf(place.current.clientWidth, onDay), dataOf(days), place.current);
    const observer = new ResizeObserver(() => plot.setSize({ width: place.current?.clientWidth ?? 0, height }));
    observer.observe(place.current);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [days, theme]);
}

export function DaysChart({ days, theme }) {
  const place = useRef(null);
  const [index, setIndex] = useState(null);
  usePlot(place, days, theme, setIndex);
  const sum = (name) => number(days.reduce((total, entry) => total + entry[name], 0));
  const shown = index === null ? null : days[index];
  return (
    <div class="chart">
      <p class="legend">
        <span class="key one">Blocked {shown && <b>{number(shown.blocked)}</b>}</span>
        <span class="key two">Unblocked {shown && <b>{number(shown.unblocked)}</b>}</span>
        <span class="muted">{shown ? day(shown.date) : 'per day (UTC)'}</span>
      </p>
      <div ref={place} class="plot" role="img"
        aria-label={`Blocks and unblocks per day: ${sum('blocked')} blocked and ${sum('unblocked')} unblocked in ${days.length} days. The table has the figures.`} />
    </div>
  );
}
