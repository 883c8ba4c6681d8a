import type { EmergencyStop, NotificationTest, OversightApi } from '../oversight-contract.ts';
import type { Ask } from './client.ts';

/** The calls of `OversightApi` over HTTP. */
export function oversightCalls(ask: Ask): OversightApi {
  return {
    async emergencyStop() {
      return (await ask<{ stop: EmergencyStop | null }>('GET', '/v1/stop')).stop;
    },
    stopAll: request => ask('POST', '/v1/stop', request),
    async clearStop() {
      return (await ask<{ cleared: boolean }>('DELETE', '/v1/stop')).cleared;
    },
    async testNotifications() {
      return (await ask<{ receivers: readonly NotificationTest[] }>('POST', '/v1/notifications/test'))
        .receivers;
    },
  };
}
