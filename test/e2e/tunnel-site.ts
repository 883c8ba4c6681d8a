import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';

export const SITE_PORT = 8000;
export const SITE_SOCKET = '/run/site.sock';

const SERVER = `import http.server, socketserver, os, threading, socket
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'the page'
        self.send_response(200)
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def address_string(self): return 'x'
    def log_message(self, *a): pass
class Unix(socketserver.ThreadingMixIn, http.server.HTTPServer):
    address_family = socket.AF_UNIX
    def server_bind(self): socketserver.TCPServer.server_bind(self)
if os.path.exists('${SITE_SOCKET}'): os.unlink('${SITE_SOCKET}')
threading.Thread(target=Unix('${SITE_SOCKET}', Page).serve_forever, daemon=True).start()
class Site(http.server.ThreadingHTTPServer):
    # python's own 5 lets the kernel drop what a normal server would take
    request_queue_size = 128
Site(('127.0.0.1', ${SITE_PORT}), Page).serve_forever()
`;
const UNIT = `[Unit]
Description=site
[Service]
ExecStart=/usr/bin/python3 /opt/site.py
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
`;

/** A real HTTP server on the host, on a port and a socket, that comes back after a boot. */
export async function installSite(host: LabHost): Promise<void> {
  const put = async (path: string, content: string): Promise<void> => {
    await host.run(`cat > ${path}`, { input: content });
  };
  await put('/opt/site.py', SERVER);
  await put('/etc/systemd/system/site.service', UNIT);
  await onHost(host, 'systemctl daemon-reload && systemctl enable -q --now site');
  await onHost(
    host,
    `for n in $(seq 600); do curl -sf 127.0.0.1:${SITE_PORT} && exit; sleep 0.1; done; exit 1`,
  );
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
}

/** One request on a connection of its own. */
export async function ask(port: number, path = '/'): Promise<Answer> {
  const call = get({ host: '127.0.0.1', port, path, agent: false });
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const { statusCode = 0, headers } = response;
  return { status: statusCode, body: await text(response), retryAfter: headers['retry-after'] };
}

export interface Load {
  readonly sent: number;
  /** Of those that were sent after the fault had struck. */
  readonly lost: number;
  /** Of those that were on their way when it struck: what the host may have begun to serve is not sent twice. */
  readonly cutOff: number;
  /** Milliseconds. */
  readonly slowest: number;
}

/**
 * A short request every 100 ms while `fault` happens, and a second after; each on a connection of its own. `fault`
 * says when it has struck; one that says nothing excuses no loss.
 */
export async function underLoad(port: number, fault: (struck: () => void) => Promise<void>): Promise<Load> {
  const over = new AbortController();
  /** When each that was lost was sent. */
  const losses: number[] = [];
  let struckAt = Number.NEGATIVE_INFINITY;
  let slowest = 0;
  const requests: Promise<void>[] = [];
  const one = async (): Promise<void> => {
    const began = performance.now();
    const isServed = await ask(port).then(
      ({ status, body }) => status === 200 && body === 'the page',
      (error: unknown) => {
        console.info(`lost after ${Math.round(performance.now() - began)} ms: ${String(error)}`);
        return false;
      },
    );
    slowest = Math.max(slowest, performance.now() - began);
    if (!isServed) losses.push(began);
  };
  const send = async (): Promise<void> => {
    while (!over.signal.aborted) {
      requests.push(one());
      await pause(100);
    }
  };
  const sending = send();
  await pause(500);
  await fault(() => {
    struckAt = performance.now();
  });
  await pause(1_000);
  over.abort();
  await sending;
  await Promise.all(requests);
  const lost = losses.filter(began => began >= struckAt).length;
  return { sent: requests.length, lost, cutOff: losses.length - lost, slowest: Math.round(slowest) };
}
