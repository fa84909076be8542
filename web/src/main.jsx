import { render } from 'preact';
import { App } from './app.jsx';
import { applyTheme, recall } from './settings.js';
import './style/base.css';
import './style/parts.css';
import './style/layout.css';
import './style/screens.css';

applyTheme(recall('theme') ?? 'auto');
render(<App />, document.getElementById('app'));
