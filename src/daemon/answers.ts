import { connect } from 'node:net';

/** Whether somebody listens on the socket. */
export async function answers(socket: string): Promise<boolean> {
  return await new Promise(resolve => {
    const probe = connect(socket);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
