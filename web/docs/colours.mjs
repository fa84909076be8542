// The dashboard's tokens: light and dark as the system says.
const block = (css, selector) => {
  const start = css.indexOf(`${selector} {`);
  if (start < 0) throw new Error(`web/src/style/base.css has no block ${selector}`);
  return css.slice(css.indexOf('{', start) + 1, css.indexOf('}', start));
};

export function colours(css) {
  return `:root {${block(css, ':root')}}\n`;
}
