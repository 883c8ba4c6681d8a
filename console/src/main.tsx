import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { live } from './engine/live.ts';
import { showTheme } from './frame/theme.ts';
import './theme.css';

const place = document.querySelector('#console');
if (!place) throw new Error('The page has no place for the console.');
showTheme();
live.start();
createRoot(place).render(<App />);
