import type { Duplex } from 'node:stream';
import type { Endpoint } from '../../core/endpoint.ts';

/** What a script on the target came to. */
export interface SiteAnswer {
  readonly exitCode: number;
  readonly output: string;
  /** The last part of stderr. */
  readonly errors: string;
}

export interface PutRequest {
  /** A file here. */
  readonly from: string;
  /** Absolute, on the target; its folder is there. */
  readonly to: string;
  readonly signal: AbortSignal;
  /** Bytes that arrived, of all; what an earlier try brought counts. */
  readonly onProgress: (done: number) => void;
}

/** Where a model server is deployed to: a host over SSH, or this machine. */
export interface Site {
  /** Of the host, for messages. */
  readonly name: string;
  /** POSIX sh text with this stdin. Throws `ssh.*`. */
  run(
    script: string,
    options: { readonly signal: AbortSignal; readonly stdin?: string },
  ): Promise<SiteAnswer>;
  /** Brings one file over, whole or not at all; goes on where an earlier try stopped. Gives the bytes that travelled. */
  put(request: PutRequest): Promise<number>;
  /** A connection to what listens on the target. */
  dial(endpoint: Endpoint, signal: AbortSignal): Promise<Duplex>;
}
