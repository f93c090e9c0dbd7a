import { expect, test } from '@jest/globals';

import {
  chainOf,
  ip6tablesFlip,
  iptablesFlip,
  nftFlip,
  type PublicPort,
} from '../../../src/deployment/server/redirect.ts';

const everywhere: PublicPort = {
  address: undefined,
  port: 80,
  target: {
    address: '172.17.0.3',
    port: 8000,
    loopbackPort: 32_768,
    ipv6Port: 32_769,
    neighbours: [{ device: 'docker0', port: 32_770 }],
  },
};
const own = { ...everywhere, address: '192.0.2.7', target: { ...everywhere.target, ipv6Port: undefined } };
const loopback = { ...own, address: '127.0.0.1' };

test('a chain has a name that iptables takes, of its own for each application', () => {
  expect(chainOf('shop')).toMatch(/^TENANTRY-[0-9a-f]{12}$/);
  expect(chainOf('shop').length).toBeLessThan(29);
  expect(chainOf('shop')).not.toBe(chainOf('shop-2'));
});

test('iptables: loopback, neighbours, everybody else, before all other rules, in one transaction', () => {
  expect(iptablesFlip('C', [everywhere]).split('\n')).toEqual([
    '*nat',
    ':C - [0:0]',
    '-A C -d 127.0.0.0/8 -p tcp --dport 80 -j REDIRECT --to-ports 32768',
    '-A C -i docker0 -p tcp --dport 80 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 32770',
    '-A C -p tcp --dport 80 -m addrtype --dst-type LOCAL -j DNAT --to-destination 172.17.0.3:8000',
    '-I PREROUTING 1 -j C',
    '-I OUTPUT 1 -j C',
    'COMMIT',
  ]);
});

test('where a firewall would close the way of neighbours, they stay with the one that has the public port', () => {
  const neighbours = [{ device: 'docker0', port: undefined }];
  const closed = { ...everywhere, target: { ...everywhere.target, neighbours } };
  expect(iptablesFlip('C', [closed])).toContain(
    '-A C -i docker0 -p tcp --dport 80 -m addrtype --dst-type LOCAL -j RETURN\n',
  );
  expect(nftFlip('C', [closed])).toContain(
    'iifname "docker0" fib daddr type local tcp dport 80 counter return\n',
  );
});

test('a port of one address: only what is sent there', () => {
  expect(iptablesFlip('C', [own])).toContain('-A C -d 192.0.2.7 -p tcp --dport 80');
  expect(iptablesFlip('C', [own])).not.toContain('127.0.0.0/8');
  const rules = iptablesFlip('C', [loopback]);
  expect(rules.match(/^-A C .*/gm)).toEqual([
    '-A C -d 127.0.0.1 -p tcp --dport 80 -j REDIRECT --to-ports 32768',
  ]);
});

test('IPv6: to a published port, and nothing where the port is not served over it', () => {
  expect(ip6tablesFlip('C', [everywhere])).toContain(
    '-A C -p tcp --dport 80 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 32769',
  );
  expect(ip6tablesFlip('C', [own, loopback])).toBe('');
});

test('nftables: tables of our own with chains before Docker’s', () => {
  const text = nftFlip('C', [everywhere]);
  expect(text).toContain('table ip C {\nchain arriving { type nat hook prerouting priority -110;');
  expect(text).toContain('fib daddr type local tcp dport 80 counter dnat to 172.17.0.3:8000');
  expect(text).toContain('ip daddr 127.0.0.0/8 tcp dport 80 counter redirect to :32768');
  expect(text).toContain('iifname "docker0" fib daddr type local tcp dport 80 counter redirect to :32770');
  expect(text).toContain('table ip6 C {');
  expect(nftFlip('C', [own])).not.toContain('ip6');
});
