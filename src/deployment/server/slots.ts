/** Behind a proxy of the server, two loopback ports of an application take turns: its slots. */
import type { PortMapping } from '../../docker/container-spec.ts';
import type { DeployRequest } from '../request/request.ts';

/** Which of the two serves, and which the next version gets. */
export interface Slots {
  readonly serving: number;
  readonly free: number;
}

/** So the one can be told from the other without remembering anything: 8000 and 24384. */
const distance = 0x4000;

/** The port that takes turns with this one; undefined for ports where there is none. */
export function otherSlot(port: number): number | undefined {
  const other = port ^ distance;
  return other < 1024 || other > 65_535 ? undefined : other;
}

/** The one port that can take turns: published on 127.0.0.1, and nothing beside it. */
export function slotPort(ports: readonly PortMapping[]): number | undefined {
  const [port, ...more] = ports;
  if (port === undefined || more.length > 0 || port.protocol !== 'tcp') return undefined;
  return port.address === '127.0.0.1' && otherSlot(port.hostPort) !== undefined ? port.hostPort : undefined;
}

/** The same request, for a container in one of the slots. */
export function inSlot(request: DeployRequest, slot: number): DeployRequest {
  return { ...request, ports: request.ports.map((port) => ({ ...port, hostPort: slot })) };
}
