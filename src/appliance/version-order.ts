/**
 * Compares two versions as GNU `sort -V` does: 1.10.0 > 1.9.0, 1.0.0~rc1 < 1.0.0. Where they differ only in a way
 * that the version order does not see (leading zeros), bytes decide, as in sort.
 *
 * @returns negative if `a` comes first, positive if `b` does, 0 if they are the same text
 */
export function compareVersions(a: string, b: string): number {
  return compareByVersion(a, b) || compareBytes(a, b);
}

/** Hidden names first; then without their file suffixes (`.tar.gz`), as sort does, then as a whole. */
function compareByVersion(a: string, b: string): number {
  return (
    hiddenRank(a) - hiddenRank(b) || compareParts(withoutSuffix(a), withoutSuffix(b)) || compareParts(a, b)
  );
}

/** Nothing, `.`, `..`, what begins with a dot, everything else. */
function hiddenRank(version: string): number {
  const rank = ['', '.', '..'].indexOf(version);
  if (rank !== -1) return rank;
  return version.startsWith('.') ? 3 : 4;
}

function withoutSuffix(version: string): string {
  return version.replace(/(?:\.[A-Za-z~][A-Za-z0-9~]*)+$/, '');
}

function compareParts(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [x, y] = [left[index] ?? '', right[index] ?? ''];
    const order = index % 2 === 0 ? compareText(x, y) : compareNumbers(x, y);
    if (order !== 0) return order;
  }
  return 0;
}

/** Alternating text and digits, beginning with text that may be empty. */
function parts(version: string): string[] {
  return version.split(/(\d+)/);
}

function compareText(a: string, b: string): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const order = rank(a[index]) - rank(b[index]);
    if (order !== 0) return order;
  }
  return 0;
}

/** `~` before the end, the end before letters, letters before everything else. */
function rank(character: string | undefined): number {
  if (character === '~') return -1;
  if (character === undefined) return 0;
  const code = character.codePointAt(0) ?? 0;
  return /[A-Za-z]/.test(character) ? code : code + 256;
}

function compareNumbers(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return x.length - y.length || compareBytes(x, y);
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
