/** The way in, which needs nothing of the console's own pages: a form-less page, its script and its style. */

export const LOGIN_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Deckhand: sign in</title>
<link rel="stylesheet" href="/login.css">
</head>
<body>
<main>
<h1>Deckhand</h1>
<p id="state" role="status">Signing in…</p>
<div id="ask" hidden>
<label for="token">Token</label>
<input id="token" type="password" autocomplete="off" spellcheck="false">
<button id="enter" type="button">Sign in</button>
<p>Or run <code>deckhand console</code> on the machine of the daemon: it prints a link that works once.</p>
</div>
</main>
<script src="/login.js"></script>
</body>
</html>
`;

export const LOGIN_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { display: grid; min-height: 100vh; margin: 0; place-items: center; }
main { width: min(28rem, 90vw); }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit; }
input, button { margin: .25rem 0 1rem; padding: .5rem; }
`;

/** Takes the token out of the address before anything else, and sends it once. */
export const LOGIN_SCRIPT = `'use strict';
const state = document.getElementById('state');
const ask = document.getElementById('ask');
const field = document.getElementById('token');
async function enter(token) {
  state.textContent = 'Signing in…';
  let answer;
  try {
    answer = await fetch('/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
  } catch {
    state.textContent = 'The daemon does not answer.';
    ask.hidden = false;
    return;
  }
  if (answer.ok) {
    location.replace('/');
    return;
  }
  const body = await answer.json().catch(() => null);
  state.textContent = body && body.error ? body.error.message : 'That did not work (' + answer.status + ').';
  ask.hidden = false;
}
function begin() {
  const token = location.hash.slice(1);
  history.replaceState(null, '', '/login');
  if (token) void enter(token);
  else {
    state.textContent = 'Sign in';
    ask.hidden = false;
    field.focus();
  }
}
document.getElementById('enter').addEventListener('click', () => void enter(field.value));
field.addEventListener('keydown', event => {
  if (event.key === 'Enter') void enter(field.value);
});
addEventListener('hashchange', () => location.hash.length > 1 && begin());
begin();
`;

/** What is said where the console was not built. */
export const NOT_BUILT_PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Deckhand</title><link rel="stylesheet" href="/login.css"></head>
<body><main><h1>Deckhand</h1>
<p>The pages of the console are not there (console.not-built).</p>
<p>In a copy of the sources: <code>npm run build</code>, then load this page again. The API under <code>/v1</code> works.</p>
</main></body>
</html>
`;
