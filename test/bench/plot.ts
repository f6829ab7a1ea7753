import { threeDigits } from './statistics.js';

export interface PlotOptions {
  readonly title: string;
  /** Names of the axes. */
  readonly x: string;
  readonly y: string;
  /** By name, points with positive coordinates. */
  readonly lines: Readonly<Record<string, readonly (readonly [number, number])[]>>;
}

const WIDTH = 640;
const HEIGHT = 400;
const LEFT = 80;
const RIGHT = 150;
const TOP = 40;
const BOTTOM = 60;
const COLOURS = ['#1f6feb', '#d1470b', '#2f9e44'];

/** Lines on two logarithmic axes, as an SVG document. */
export function plot({ title, x, y, lines }: PlotOptions): string {
  const points = Object.values(lines).flat();
  const xAxis = logarithmic(
    points.map(([value]) => value),
    LEFT,
    WIDTH - RIGHT,
  );
  const yAxis = logarithmic(
    points.map(([, value]) => value),
    HEIGHT - BOTTOM,
    TOP,
  );
  const drawn = Object.entries(lines).flatMap(([name, line], index) => {
    const colour = COLOURS[index % COLOURS.length] ?? 'black';
    const places = line.map(([a, b]) => [xAxis.place(a), yAxis.place(b)] as const);
    const legend = TOP + 20 * index;
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${places.map((place) => place.join(',')).join(' ')}"/>`,
      ...places.map(([a, b]) => `<circle cx="${a}" cy="${b}" r="3" fill="${colour}"/>`),
      `<text x="${WIDTH - RIGHT + 15}" y="${legend}" fill="${colour}">${name}</text>`,
    ];
  });
  const grid = [
    ...xAxis.ticks.map((tick) => rule(xAxis.place(tick), 'x', threeDigits(tick))),
    ...yAxis.ticks.map((tick) => rule(yAxis.place(tick), 'y', threeDigits(tick))),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>
<text x="${LEFT}" y="20" font-size="14">${title}</text>
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 15}" text-anchor="middle">${x}</text>
<text x="15" y="${HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 15 ${HEIGHT / 2})">${y}</text>
${[...grid, ...drawn].join('\n')}
</svg>
`;
}

/** From the power of ten at or below the least value to the one at or above the greatest. */
function logarithmic(values: readonly number[], from: number, to: number) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
    place: (value: number) =>
      Math.round(10 * (from + ((to - from) * (Math.log10(value) - low)) / (high - low))) / 10,
  };
}

function rule(at: number, axis: 'x' | 'y', label: string): string {
  const [end, text] =
    axis === 'x'
      ? [
          `x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"`,
          `x="${at}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle"`,
        ]
      : [
          `y1="${at}" y2="${at}" x1="${LEFT}" x2="${WIDTH - RIGHT}"`,
          `x="${LEFT - 8}" y="${at + 4}" text-anchor="end"`,
        ];
  return `<line ${end} stroke="#ddd"/><text ${text} fill="#555">${label}</text>`;
}
