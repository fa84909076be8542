// What JSX becomes: shorter in the bundle than calls of Preact's jsx-runtime.
export { Fragment, h } from 'preact';
