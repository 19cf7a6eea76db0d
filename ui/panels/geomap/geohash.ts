const digits = "0123456789bcdefghjkmnpqrstuvwxyz";

/** The middle of a geohash's cell, or undefined where the text is none. */
export function decodeGeohash(hash: string): { latitude: number; longitude: number } | undefined {
  if (hash.length === 0 || hash.length > 20) return undefined;
  const bounds = { latitude: [-90, 90], longitude: [-180, 180] };
  let isLongitude = true;
  for (const letter of hash.toLowerCase()) {
    const digit = digits.indexOf(letter);
    if (digit < 0) return undefined;
    for (let bit = 16; bit >= 1; bit /= 2) {
      const range = isLongitude ? bounds.longitude : bounds.latitude;
      const middle = ((range[0] ?? 0) + (range[1] ?? 0)) / 2;
      range[(digit & bit) === 0 ? 1 : 0] = middle;
      isLongitude = !isLongitude;
    }
  }
  return { latitude: middleOf(bounds.latitude), longitude: middleOf(bounds.longitude) };
}

function middleOf([from = 0, to = 0]: readonly number[]): number {
  return (from + to) / 2;
}
