// A QR code as SVG: dark on white in both themes, since not every phone reads the reverse.
import { generate } from 'lean-qr/nano';

const margin = 4; // modules, as the standard asks for

export function QrCode({ text, label }) {
  const code = generate(text);
  const size = code.size + 2 * margin;
  let path = '';
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) if (code.get(x, y)) path += `M${x + margin} ${y + margin}h1v1h-1z`;
  }
  return <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shape-rendering="crispEdges"><path d={path} /></svg>;
}
