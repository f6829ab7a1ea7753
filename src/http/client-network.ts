/** What counts as one client: an IPv4 address; of IPv6 a whole /64, which one customer holds. */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? [];
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const zeros = address.includes('::')
    ? Array.from({ length: 8 - left.length - right.length }, () => '0')
    : [];
  const groups = [...left, ...zeros, ...right].map((group) => parseInt(group, 16).toString(16));
  return groups.slice(0, 4).join(':');
}
