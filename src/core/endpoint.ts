/** One end of a forwarding: an address with a port, or the path of a unix socket. */
export type Endpoint = TcpEndpoint | SocketEndpoint;
export interface TcpEndpoint {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}
export interface SocketEndpoint {
  /** Absolute. */
  readonly path: string;
}

/** `127.0.0.1:80`, `[::1]:80` or the path. */
export function showEndpoint(endpoint: Endpoint): string {
  if ('path' in endpoint) return endpoint.path;
  return endpoint.host.includes(':')
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`;
}

/** True: nobody but the machine itself can connect to it. */
export function isLoopback(endpoint: Endpoint): boolean {
  if ('path' in endpoint) return true;
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(endpoint.host);
}
