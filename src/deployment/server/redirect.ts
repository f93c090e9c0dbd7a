import { createHash } from 'node:crypto';

/** The redirect of an application's public ports to another container, as one transaction of the packet filter. */

export interface PublicPort {
  /** The IPv4 address on the server; undefined means every one. */
  readonly address: string | undefined;
  readonly port: number;
  readonly target: Target;
}

/** How the container that shall serve is reached. */
export interface Target {
  readonly address: string;
  readonly port: number;
  /** Its published port on 127.0.0.1: the way for clients that come through loopback. */
  readonly loopbackPort: number | undefined;
  /** Its published port on every IPv6 address, where the public port is served over IPv6, too. */
  readonly ipv6Port: number | undefined;
  /**
   * Its published ports on the addresses of its networks: the way for containers of the same network, whose answers
   * would not come back through the packet filter. Without a port (a firewall would close it) they stay with the
   * container that has the public port.
   */
  readonly neighbours: readonly { readonly device: string; readonly port: number | undefined }[];
}

/** The name of the chain (iptables) or table (nftables) of an application. */
export function chainOf(container: string): string {
  return `TENANTRY-${createHash('sha256').update(container).digest('hex').slice(0, 12)}`;
}

/** What `iptables-restore --noflush` is given: all rules at once, before Docker's. */
export function iptablesFlip(chain: string, ports: readonly PublicPort[]): string {
  const rules = ports.flatMap(({ address, port, target }) => {
    const here = `-p tcp --dport ${port}`;
    const local = `${address === undefined ? '' : `-d ${address} `}${here} -m addrtype --dst-type LOCAL`;
    const dnat = `${local} -j DNAT --to-destination ${target.address}:${target.port}`;
    return [
      ...(target.loopbackPort === undefined || !reachesLoopback(address)
        ? []
        : [`${loopbackOf(address)} ${here} -j REDIRECT --to-ports ${target.loopbackPort}`]),
      ...(isLoopback(address)
        ? []
        : [
            ...target.neighbours.map(
              ({ device, port: to }) =>
                `-i ${device} ${local} -j ${to === undefined ? 'RETURN' : `REDIRECT --to-ports ${to}`}`,
            ),
            dnat,
          ]),
    ];
  });
  return transaction(chain, rules);
}

/** The same for IPv6: to a published port, since the container may have no IPv6 address. Empty when there is nothing. */
export function ip6tablesFlip(chain: string, ports: readonly PublicPort[]): string {
  const rules = ports.flatMap(({ port, target: { ipv6Port } }) => {
    if (ipv6Port === undefined) return [];
    return [`-p tcp --dport ${port} -m addrtype --dst-type LOCAL -j REDIRECT --to-ports ${ipv6Port}`];
  });
  return rules.length === 0 ? '' : transaction(chain, rules);
}

function transaction(chain: string, rules: readonly string[]): string {
  return [
    '*nat',
    `:${chain} - [0:0]`,
    ...rules.map((rule) => `-A ${chain} ${rule}`),
    `-I PREROUTING 1 -j ${chain}`,
    `-I OUTPUT 1 -j ${chain}`,
    'COMMIT',
  ].join('\n');
}

/** What `nft -f` is given: tables of our own, whose chains come before Docker's (priority −100). */
export function nftFlip(chain: string, ports: readonly PublicPort[]): string {
  const ipv4 = ports.flatMap(({ address, port, target }) => {
    const local = `${address === undefined ? '' : `ip daddr ${address} `}fib daddr type local tcp dport ${port} counter`;
    const loopback =
      target.loopbackPort === undefined || !reachesLoopback(address)
        ? []
        : [
            `ip daddr ${address ?? '127.0.0.0/8'} tcp dport ${port} counter redirect to :${target.loopbackPort}`,
          ];
    const dnat = isLoopback(address) ? [] : [`${local} dnat to ${target.address}:${target.port}`];
    const neighbours = isLoopback(address)
      ? []
      : target.neighbours.map(
          ({ device, port: to }) =>
            `iifname "${device}" ${local} ${to === undefined ? 'return' : `redirect to :${to}`}`,
        );
    return [{ arriving: [...neighbours, ...dnat], leaving: [...loopback, ...dnat] }];
  });
  const ipv6 = ports.flatMap(({ port, target: { ipv6Port } }) => {
    if (ipv6Port === undefined) return [];
    const rule = `fib daddr type local tcp dport ${port} counter redirect to :${ipv6Port}`;
    return [{ arriving: [rule], leaving: [rule] }];
  });
  return [...nftTable('ip', chain, ipv4), ...(ipv6.length === 0 ? [] : nftTable('ip6', chain, ipv6))].join(
    '\n',
  );
}

function nftTable(
  family: 'ip' | 'ip6',
  name: string,
  rules: readonly { readonly arriving: readonly string[]; readonly leaving: readonly string[] }[],
): string[] {
  return [
    `table ${family} ${name} {`,
    'chain arriving { type nat hook prerouting priority -110; policy accept;',
    ...rules.flatMap(({ arriving }) => arriving),
    '}',
    'chain leaving { type nat hook output priority -110; policy accept;',
    ...rules.flatMap(({ leaving }) => leaving),
    '}',
    '}',
  ];
}

function isLoopback(address: string | undefined): boolean {
  return address?.startsWith('127.') === true;
}

function reachesLoopback(address: string | undefined): boolean {
  return address === undefined || isLoopback(address);
}

function loopbackOf(address: string | undefined): string {
  return `-d ${isLoopback(address) ? address : '127.0.0.0/8'}`;
}
