const secondSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400,
];
const binaryUnits =
  /^(?:bytes|bits|kbytes|mbytes|gbytes|tbytes|pbytes|binBps|binbps|[KMGTP]iBs|[KMGTP]ibits)$/;

/** A round step of at least what is wanted: clock times for durations, and for binary sizes round in the prefix of `size`. */
export function stepFor(wanted: number, unit: string, size: number): number {
  if (!(wanted > 0) || !Number.isFinite(wanted)) return 1;
  if (binaryUnits.test(unit)) {
    // Round in the words of the labels: 0.2 GiB, not 0.1875 GiB.
    const prefix = 1_024 ** Math.max(0, Math.floor(Math.log2(Math.max(size, wanted, 1)) / 10));
    return decimalStep(wanted / prefix) * prefix;
  }
  if (unit === "s" && wanted > 5 && wanted <= 86_400) {
    return secondSteps.find((step) => step >= wanted) ?? 86_400;
  }
  if (unit === "s" && wanted > 86_400) return longStep(wanted, size);
  return decimalStep(wanted);
}

/** Whole weeks, half ones where these are too many, or years: as the labels of durations say them. */
function longStep(wanted: number, size: number): number {
  const [week, year] = [604_800, 31_556_952];
  if (size >= year) return decimalStep(Math.max(1, wanted / year)) * year;
  return wanted <= week / 2 ? week / 2 : decimalStep(wanted / week) * week;
}

function decimalStep(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(wanted));
  const lead = wanted / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 2.5 ? 2.5 : lead <= 5 ? 5 : 10) * power;
}

const placesMax = 6;

/** Labels in their usual form. Where two read the same, all of their unit get as many decimals as tell them apart: "1.005 k, 1.000 k, 995". */
export function distinctLabels(write: (places: number | undefined) => readonly string[]): string[] {
  const usual = write(undefined);
  const twins = usual.filter((label, i) => label !== "" && usual.indexOf(label) < i);
  const units = new Set(twins.map(unitOf));
  let labels = [...usual];
  for (let places = 1; places <= placesMax && hasTwins(labels); places++) {
    const longer = write(places);
    labels = usual.map((label, i) => (units.has(unitOf(label)) ? (longer[i] ?? label) : label));
  }
  return labels;
}

function hasTwins(labels: readonly string[]): boolean {
  const said = labels.filter((label) => label !== "");
  return new Set(said).size < said.length;
}

/** What stands behind the digits. */
function unitOf(label: string): string {
  return label.replace(/^.*\d/, "");
}
