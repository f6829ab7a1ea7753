import type { Growth } from './growth.js';
import { plot } from './plot.js';
import { MIB } from './scene.js';
import { threeDigits } from './statistics.js';
import { markdownTable } from './table.js';

const CONNECTIONS_PLOT = 'growth-connections.svg';
const PACKAGES_PLOT = 'growth-packages.svg';

export function growthMarkdown({ connections, packages }: Growth): string {
  return [
    '## How cost grows',
    '`GET /version`, keep-alive, with more and more connections, against bare `node:https`:',
    markdownTable(
      ['connections', 'admind', 'peer', 'ratio', 'p99 admind', 'p99 peer', 'memory admind', 'memory peer'],
      connections.map(({ connections: count, product, peer }) => [
        threeDigits(count),
        `${threeDigits(product.requestsPerSecond)} requests/s`,
        `${threeDigits(peer.requestsPerSecond)} requests/s`,
        (product.requestsPerSecond / peer.requestsPerSecond).toFixed(2),
        `${threeDigits(product.p99Ms)} ms`,
        `${threeDigits(peer.p99Ms)} ms`,
        `${threeDigits(product.memoryMiB)} MiB`,
        `${threeDigits(peer.memoryMiB)} MiB`,
      ]),
    ),
    `![requests per second by connections](${CONNECTIONS_PLOT})`,
    'Upload and update with larger and larger packages, the update against the same by openssl and tar:',
    markdownTable(
      ['package', 'upload', 'memory at most', 'update', 'by shell', 'ratio'],
      packages.map(({ bytes, uploadSeconds, uploadPeakMiB, updateSeconds, shellSeconds }) => [
        `${threeDigits(bytes / MIB)} MiB`,
        `${threeDigits(uploadSeconds)} s`,
        `${threeDigits(uploadPeakMiB)} MiB`,
        `${threeDigits(updateSeconds)} s`,
        `${threeDigits(shellSeconds)} s`,
        (shellSeconds / updateSeconds).toFixed(2),
      ]),
    ),
    `![seconds by package size](${PACKAGES_PLOT})`,
  ].join('\n\n');
}

/** @returns SVG documents by file name */
export function growthPlots({ connections, packages }: Growth): Readonly<Record<string, string>> {
  return {
    [CONNECTIONS_PLOT]: plot({
      title: 'GET /version, keep-alive',
      x: 'connections',
      y: 'requests/s',
      lines: {
        admind: connections.map((point) => [point.connections, point.product.requestsPerSecond]),
        'bare node:https': connections.map((point) => [point.connections, point.peer.requestsPerSecond]),
      },
    }),
    [PACKAGES_PLOT]: plot({
      title: 'Update packages',
      x: 'MiB',
      y: 'seconds',
      lines: {
        upload: packages.map(({ bytes, uploadSeconds }) => [bytes / MIB, uploadSeconds]),
        update: packages.map(({ bytes, updateSeconds }) => [bytes / MIB, updateSeconds]),
        'update by shell': packages.map(({ bytes, shellSeconds }) => [bytes / MIB, shellSeconds]),
      },
    }),
  };
}
