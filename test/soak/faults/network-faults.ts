// Faults of the network on some connections, which pass through proxies.

import type { TcpProxy } from '../../support/tcp-proxy.js';
import { type Fault, lasting } from '../soak-bed.js';

export function faultsOfNetwork(what: string, proxies: readonly TcpProxy[]): Fault[] {
  const fault = (
    name: string,
    from: number,
    to: number,
    make: (proxy: TcpProxy, random: () => number) => void,
  ): Fault => ({
    name: `${what}: ${name}`,
    strike: async (random) => {
      for (const proxy of proxies) make(proxy, random);
      await lasting(random, from, to);
      for (const proxy of proxies) {
        proxy.listen();
        proxy.heal();
      }
    },
  });
  const cut = (name: string, isChosen: (random: () => number) => boolean): Fault => ({
    name: `${what}: ${name}`,
    isCut: true,
    strike: async (random) => {
      for (const proxy of proxies) proxy.cut(() => isChosen(random));
    },
  });
  return [
    cut('cut', () => true),
    cut('cut, some of them', (random) => random() < 0.5),
    fault('half-open', 200, 2_500, (proxy) => proxy.blackhole()),
    fault('half-open, nothing arrives', 200, 2_500, (proxy) => proxy.blackhole('down')),
    fault('half-open, nothing gets through', 200, 2_500, (proxy) => proxy.blackhole('up')),
    fault('half-open, new ones work', 500, 2_500, (proxy) => proxy.strand()),
    fault('refused', 100, 800, (proxy) => proxy.refuse()),
    fault('delay and jitter', 300, 1_500, (proxy, random) => proxy.delay(() => 5 + random() * 60)),
    fault('slow reader', 200, 1_500, (proxy) => proxy.deafen()),
    fault('truncated', 50, 300, (proxy) => proxy.truncate()),
    fault('throttled', 300, 1_200, (proxy) => proxy.throttle(20_000)),
    fault('fragments', 200, 800, (proxy, random) => proxy.fragment(1 + Math.floor(random() * 9))),
    {
      // Longer than a lease: what was pushed meanwhile arrives all at once.
      name: `${what}: held back, then delivered`,
      strike: async (random) => {
        for (const proxy of proxies) proxy.hold('down');
        await lasting(random, 100, 2_500);
        for (const proxy of proxies) proxy.release('down');
      },
    },
    {
      name: `${what}: nobody listens`,
      strike: async (random) => {
        await Promise.all(proxies.map((proxy) => proxy.away()));
        await lasting(random, 100, 800);
        await Promise.all(proxies.map((proxy) => proxy.back()));
      },
    },
  ];
}
