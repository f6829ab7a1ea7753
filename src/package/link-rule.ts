/**
 * Whether a symbolic link may lead out of the directory in which it lies. Only its text is looked at: below that
 * directory all links keep to this rule, and a path that climbs first and then only descends through them stays
 * inside; one that climbs out of a link could be anywhere.
 *
 * @param path of the link, relative to the directory
 * @param directory its absolute path, for links with an absolute target
 */
export function mayLeadOut(path: string, target: string, directory: string): boolean {
  const isAbsolute = target.startsWith('/');
  if (isAbsolute && !`${target}/`.startsWith(`${directory}/`)) return true;
  const names = segments(isAbsolute ? target.slice(directory.length) : target);
  let depth = isAbsolute ? 0 : segments(path).length - 1;
  let isClimbing = true;
  for (const name of names) {
    if (name !== '..') isClimbing = false;
    else if (!isClimbing || depth-- === 0) return true;
  }
  return false;
}

function segments(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
