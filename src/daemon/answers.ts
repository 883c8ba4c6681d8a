import { connect, type Socket } from 'node:net';

/** A connection to whoever listens on the socket; null: nobody does. */
export async function connectTo(socket: string): Promise<Socket | null> {
  return await new Promise(resolve => {
    const opened = connect(socket);
    const refused = (): void => resolve(null);
    opened.once('error', refused);
    opened.once('connect', () => {
      opened.off('error', refused);
      resolve(opened);
    });
  });
}

/** Whether somebody listens on the socket. */
export async function answers(socket: string): Promise<boolean> {
  const opened = await connectTo(socket);
  opened?.destroy();
  return opened !== null;
}
