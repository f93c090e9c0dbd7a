import { describe, expect, test } from '@jest/globals';
import { freePrefix, overlaps } from '../../lab/subnet.ts';

test.each<{ destination: string; prefix: string; answer: boolean }>`
  destination        | prefix        | answer   | why
  ${'10.87.14.0/24'} | ${'10.87.14'} | ${true}  | ${'the same'}
  ${'10.87.14.9'}    | ${'10.87.14'} | ${true}  | ${'one address of it'}
  ${'10.87.15.0/24'} | ${'10.87.14'} | ${false} | ${'its neighbour'}
  ${'10.64/10'}      | ${'10.87.14'} | ${true}  | ${'a large network, written short'}
  ${'10.64/16'}      | ${'10.87.14'} | ${false} | ${'a large network elsewhere'}
  ${'172.17.0.0/16'} | ${'10.87.14'} | ${false} | ${'another range'}
  ${'0.0.0.0/1'}     | ${'10.87.14'} | ${true}  | ${'half of everything'}
  ${'default'}       | ${'10.87.14'} | ${false} | ${'the way out'}
`('$destination and $prefix.0/24: $why', ({ destination, prefix, answer }) => {
  expect(overlaps(destination, prefix)).toBe(answer);
});

describe('the free prefix', () => {
  test('begins where the mark says, and moves on when that is taken', () => {
    const first = freePrefix('36e669', []);
    expect(first).toMatch(/^10\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+$/);
    const second = freePrefix('36e669', ['default', `${first}.0/24`]);
    expect(second).not.toBe(first);
  });

  test('is the only one left, if need be', () => {
    const networks = Array.from({ length: 64 }, (_, place) => `10.${64 + place}`).filter(
      (network) => network !== '10.99',
    );
    const neighbours = Array.from({ length: 256 }, (_, place) => `10.99.${place}.0/24`);
    const all = [...networks.map((network) => `${network}.0.0/16`), ...neighbours];
    const butOne = all.filter((destination) => destination !== '10.99.7.0/24');
    expect(freePrefix('000001', butOne)).toBe('10.99.7');
    expect(() => freePrefix('000001', all)).toThrow(/no free/);
  });
});
