import type { UnitText } from "./scaled.ts";

/** How a unit is written. Powers are exponents of 1,000 (or 1,024) that the value comes in. */
export type UnitSpec =
  | { readonly as: "plain" }
  | { readonly as: "suffix"; readonly suffix: string; readonly factor?: number }
  | { readonly as: "si" | "decimal" | "iec"; readonly symbol: string; readonly power: number }
  | { readonly as: "count"; readonly symbol: string }
  | { readonly as: "currency"; readonly symbol: string; readonly side: "before" | "after" }
  | { readonly as: "duration"; readonly seconds: number; readonly zero: string }
  | { readonly as: "own"; readonly text: (value: number, decimals?: number) => UnitText }
  | { readonly as: "date"; readonly pattern: string; readonly today: string | undefined }
  | { readonly as: "from_now" };

type Entry = readonly [id: string, name: string, spec: UnitSpec];
export type UnitGroup = { readonly name: string; readonly units: readonly Entry[] };

const plain: UnitSpec = { as: "plain" };
const suffix = (text: string, factor = 1): UnitSpec => ({ as: "suffix", suffix: text, factor });
const si = (symbol: string, power = 0): UnitSpec => ({ as: "si", symbol, power });
const decimal = (symbol: string, power = 0): UnitSpec => ({ as: "decimal", symbol, power });
const iec = (symbol: string, power = 0): UnitSpec => ({ as: "iec", symbol, power });
const count = (symbol: string): UnitSpec => ({ as: "count", symbol });

const date = (pattern: string, today?: string): UnitSpec => ({ as: "date", pattern, today });
const before = (symbol: string): UnitSpec => ({ as: "currency", symbol, side: "before" });
const after = (symbol: string): UnitSpec => ({ as: "currency", symbol, side: "after" });

/** Sizes in the four families of bits and bytes, at each step of the ladder, by the ids that Grafana gives them. */
function sizes(
  rows: readonly (readonly [
    id: string,
    name: string,
    symbol: string,
    power: number,
    iec: boolean,
  ])[],
): Entry[] {
  return rows.map(([id, name, symbol, power, isIec]) => [
    id,
    name,
    isIec ? iec(symbol, power) : decimal(symbol, power),
  ]);
}

const ladderNames = ["kilo", "mega", "giga", "tera", "peta"];

function rates(unit: "bits" | "bytes"): Entry[] {
  const symbol = unit === "bits" ? "b/s" : "B/s";
  const short = unit === "bits" ? "bits" : "Bs";
  const letters = ["K", "M", "G", "T", "P"];
  return letters.flatMap((letter, i): Entry[] => [
    [`${letter}i${short}`, `${ladderNames[i]?.slice(0, 2)}bi${unit}/sec`, iec(symbol, i + 1)],
    [`${letter}${short}`, `${ladderNames[i]}${unit}/sec`, decimal(symbol, i + 1)],
  ]);
}

/** Units whose writing is code stand in units.ts. */
export const writtenGroups: readonly UnitGroup[] = [
  {
    name: "Misc",
    units: [
      ["none", "Number", plain],
      ["short", "Short", count("")],
      ["string", "String", plain],
      ["percent", "Percent (0-100)", suffix(" %")],
      ["percentunit", "Percent (0.0-1.0)", suffix(" %", 100)],
      ["humidity", "Humidity (%H)", suffix(" %H")],
      ["dB", "Decibel", suffix(" dB")],
      ["candela", "Candela (cd)", si("cd")],
      ["pixel", "Pixels", suffix(" px")],
    ],
  },
  {
    name: "Acceleration",
    units: [
      ["accMS2", "Meters/sec²", suffix(" m/s²")],
      ["accFS2", "Feet/sec²", suffix(" f/s²")],
      ["accG", "G unit", suffix(" g")],
    ],
  },
  {
    name: "Angle",
    units: [
      ["degree", "Degrees (°)", suffix("°")],
      ["radian", "Radians", suffix(" rad")],
      ["grad", "Gradian", suffix(" grad")],
      ["arcmin", "Arc minutes", suffix(" arcmin")],
      ["arcsec", "Arc seconds", suffix(" arcsec")],
    ],
  },
  {
    name: "Area",
    units: [
      ["areaM2", "Square meters (m²)", suffix(" m²")],
      ["areaF2", "Square feet (ft²)", suffix(" ft²")],
      ["areaMI2", "Square miles (mi²)", suffix(" mi²")],
      ["acres", "Acres (ac)", suffix(" ac")],
      ["hectares", "Hectares (ha)", suffix(" ha")],
    ],
  },
  {
    name: "Computation",
    units: [
      ["flops", "FLOP/s", si("FLOPS")],
      ["mflops", "MFLOP/s", si("FLOPS", 2)],
      ["gflops", "GFLOP/s", si("FLOPS", 3)],
      ["tflops", "TFLOP/s", si("FLOPS", 4)],
      ["pflops", "PFLOP/s", si("FLOPS", 5)],
      ["eflops", "EFLOP/s", si("FLOPS", 6)],
      ["zflops", "ZFLOP/s", si("FLOPS", 7)],
      ["yflops", "YFLOP/s", si("FLOPS", 8)],
    ],
  },
  {
    name: "Concentration",
    units: [
      ["ppm", "Parts per million (ppm)", suffix(" ppm")],
      ["conppb", "Parts per billion (ppb)", suffix(" ppb")],
      ["conngm3", "Nanogram per cubic meter (ng/m³)", suffix(" ng/m³")],
      ["conμgm3", "Microgram per cubic meter (µg/m³)", suffix(" µg/m³")],
      ["conmgm3", "Milligram per cubic meter (mg/m³)", suffix(" mg/m³")],
      ["congm3", "Gram per cubic meter (g/m³)", suffix(" g/m³")],
      ["conmgdL", "Milligram per decilitre (mg/dL)", suffix(" mg/dL")],
      ["conmmolL", "Millimoles per litre (mmol/L)", suffix(" mmol/L")],
    ],
  },
  {
    name: "Currency",
    units: [
      ["currencyUSD", "Dollars ($)", before("$")],
      ["currencyGBP", "Pounds (£)", before("£")],
      ["currencyEUR", "Euro (€)", before("€")],
      ["currencyJPY", "Yen (¥)", before("¥")],
      ["currencyRUB", "Rubles (₽)", before("₽")],
      ["currencyUAH", "Hryvnias (₴)", before("₴")],
      ["currencyBRL", "Real (R$)", before("R$")],
      ["currencyDKK", "Danish Krone (kr)", after("kr")],
      ["currencyISK", "Icelandic Króna (kr)", after("kr")],
      ["currencyNOK", "Norwegian Krone (kr)", after("kr")],
      ["currencySEK", "Swedish Krona (kr)", after("kr")],
      ["currencyCZK", "Czech koruna (Kč)", after("Kč")],
      ["currencyCHF", "Swiss franc (CHF)", before("CHF ")],
      ["currencyPLN", "Polish Złoty (PLN)", before("zł")],
      ["currencyBTC", "Bitcoin (฿)", before("฿")],
      ["currencymBTC", "Milli Bitcoin (฿)", before("m฿")],
      ["currencyμBTC", "Micro Bitcoin (฿)", before("µ฿")],
      ["currencyZAR", "South African Rand (R)", before("R")],
      ["currencyINR", "Indian Rupee (₹)", before("₹")],
      ["currencyKRW", "South Korean Won (₩)", before("₩")],
      ["currencyIDR", "Indonesian Rupiah (Rp)", before("Rp")],
      ["currencyPHP", "Philippine Peso (PHP)", before("PHP ")],
      ["currencyVND", "Vietnamese Dong (VND)", after("đ")],
      ["currencyTRY", "Turkish Lira (₺)", before("₺")],
      ["currencyMYR", "Malaysian Ringgit (RM)", before("RM")],
      ["currencyXPF", "CFP franc (XPF)", after("F")],
      ["currencyBGN", "Bulgarian Lev (BGN)", after("лв")],
      ["currencyCNY", "Chinese Yuan (¥)", before("¥")],
      ["currencyHUF", "Hungarian Forint (Ft)", after("Ft")],
    ],
  },
  {
    name: "Data",
    units: sizes([
      ["bytes", "bytes(IEC)", "B", 0, true],
      ["decbytes", "bytes(SI)", "B", 0, false],
      ["bits", "bits(IEC)", "b", 0, true],
      ["decbits", "bits(SI)", "b", 0, false],
      ["kbytes", "kibibytes", "B", 1, true],
      ["deckbytes", "kilobytes", "B", 1, false],
      ["mbytes", "mebibytes", "B", 2, true],
      ["decmbytes", "megabytes", "B", 2, false],
      ["gbytes", "gibibytes", "B", 3, true],
      ["decgbytes", "gigabytes", "B", 3, false],
      ["tbytes", "tebibytes", "B", 4, true],
      ["dectbytes", "terabytes", "B", 4, false],
      ["pbytes", "pebibytes", "B", 5, true],
      ["decpbytes", "petabytes", "B", 5, false],
    ]),
  },
  {
    name: "Data rate",
    units: [
      ["pps", "packets/sec", si("p/s")],
      ["binBps", "bytes/sec(IEC)", iec("B/s")],
      ["Bps", "bytes/sec(SI)", decimal("B/s")],
      ["binbps", "bits/sec(IEC)", iec("b/s")],
      ["bps", "bits/sec(SI)", decimal("b/s")],
      ...rates("bytes"),
      ...rates("bits"),
    ],
  },
  {
    name: "Date & time",
    units: [
      ["dateTimeAsIso", "Datetime ISO", date("YYYY-MM-DD HH:mm:ss")],
      [
        "dateTimeAsIsoNoDateIfToday",
        "Datetime ISO (No date if today)",
        date("YYYY-MM-DD HH:mm:ss", "HH:mm:ss"),
      ],
      ["dateTimeAsUS", "Datetime US", date("MM/DD/YYYY h:mm:ss a")],
      [
        "dateTimeAsUSNoDateIfToday",
        "Datetime US (No date if today)",
        date("MM/DD/YYYY h:mm:ss a", "h:mm:ss a"),
      ],
      ["dateTimeAsLocal", "Datetime local", date("YYYY-MM-DD HH:mm:ss")],
      [
        "dateTimeAsLocalNoDateIfToday",
        "Datetime local (No date if today)",
        date("YYYY-MM-DD HH:mm:ss", "HH:mm:ss"),
      ],
      ["dateTimeAsSystem", "Datetime default", date("YYYY-MM-DD HH:mm:ss")],
      ["dateTimeFromNow", "From now", { as: "from_now" }],
    ],
  },
  {
    name: "Energy",
    units: [
      ["watt", "Watt (W)", si("W")],
      ["kwatt", "Kilowatt (kW)", si("W", 1)],
      ["megwatt", "Megawatt (MW)", si("W", 2)],
      ["gwatt", "Gigawatt (GW)", si("W", 3)],
      ["mwatt", "Milliwatt (mW)", si("W", -1)],
      ["Wm2", "Watt per square meter (W/m²)", suffix(" W/m²")],
      ["voltamp", "Volt-Ampere (VA)", si("VA")],
      ["kvoltamp", "Kilovolt-Ampere (kVA)", si("VA", 1)],
      ["voltampreact", "Volt-Ampere reactive (VAr)", si("VAr")],
      ["kvoltampreact", "Kilovolt-Ampere reactive (kVAr)", si("VAr", 1)],
      ["watth", "Watt-hour (Wh)", si("Wh")],
      ["watthperkg", "Watt-hour per Kilogram (Wh/kg)", si("Wh/kg")],
      ["kwatth", "Kilowatt-hour (kWh)", si("Wh", 1)],
      ["kwattm", "Kilowatt-min (kWm)", si("W-Min", 1)],
      ["mwatth", "Megawatt-hour (MWh)", si("Wh", 2)],
      ["amph", "Ampere-hour (Ah)", si("Ah")],
      ["kamph", "Kiloampere-hour (kAh)", si("Ah", 1)],
      ["mamph", "Milliampere-hour (mAh)", si("Ah", -1)],
      ["joule", "Joule (J)", si("J")],
      ["ev", "Electron volt (eV)", si("eV")],
      ["amp", "Ampere (A)", si("A")],
      ["kamp", "Kiloampere (kA)", si("A", 1)],
      ["mamp", "Milliampere (mA)", si("A", -1)],
      ["volt", "Volt (V)", si("V")],
      ["kvolt", "Kilovolt (kV)", si("V", 1)],
      ["mvolt", "Millivolt (mV)", si("V", -1)],
      ["dBm", "Decibel-milliwatt (dBm)", suffix(" dBm")],
      ["mohm", "Milliohm (mΩ)", si("Ω", -1)],
      ["ohm", "Ohm (Ω)", si("Ω")],
      ["kohm", "Kiloohm (kΩ)", si("Ω", 1)],
      ["Mohm", "Megaohm (MΩ)", si("Ω", 2)],
      ["farad", "Farad (F)", si("F")],
      ["µfarad", "Microfarad (µF)", si("F", -2)],
      ["nfarad", "Nanofarad (nF)", si("F", -3)],
      ["pfarad", "Picofarad (pF)", si("F", -4)],
      ["ffarad", "Femtofarad (fF)", si("F", -5)],
      ["henry", "Henry (H)", si("H")],
      ["mhenry", "Millihenry (mH)", si("H", -1)],
      ["µhenry", "Microhenry (µH)", si("H", -2)],
      ["lumens", "Lumens (Lm)", si("Lm")],
    ],
  },
  {
    name: "Flow",
    units: [
      ["flowgpm", "Gallons/min (gpm)", suffix(" gpm")],
      ["flowcms", "Cubic meters/sec (cms)", suffix(" cms")],
      ["flowcfs", "Cubic feet/sec (cfs)", suffix(" cfs")],
      ["flowcfm", "Cubic feet/min (cfm)", suffix(" cfm")],
      ["litreh", "Litre/hour", suffix(" L/h")],
      ["flowlpm", "Litre/min (L/min)", suffix(" L/min")],
      ["flowmlpm", "milliLitre/min (mL/min)", suffix(" mL/min")],
      ["lux", "Lux (lx)", suffix(" lux")],
    ],
  },
  {
    name: "Force",
    units: [
      ["forceNm", "Newton-meters (Nm)", si("Nm")],
      ["forcekNm", "Kilonewton-meters (kNm)", si("Nm", 1)],
      ["forceN", "Newtons (N)", si("N")],
      ["forcekN", "Kilonewtons (kN)", si("N", 1)],
    ],
  },
  {
    name: "Hash rate",
    units: [
      ["Hs", "hashes/sec", si("H/s")],
      ["KHs", "kilohashes/sec", si("H/s", 1)],
      ["MHs", "megahashes/sec", si("H/s", 2)],
      ["GHs", "gigahashes/sec", si("H/s", 3)],
      ["THs", "terahashes/sec", si("H/s", 4)],
      ["PHs", "petahashes/sec", si("H/s", 5)],
      ["EHs", "exahashes/sec", si("H/s", 6)],
    ],
  },
  {
    name: "Mass",
    units: [
      ["massmg", "milligram (mg)", si("g", -1)],
      ["massg", "gram (g)", si("g")],
      ["masslb", "pound (lb)", suffix(" lb")],
      ["masskg", "kilogram (kg)", si("g", 1)],
      ["masst", "metric ton (t)", suffix(" t")],
    ],
  },
  {
    name: "Length",
    units: [
      ["lengthmm", "millimeter (mm)", si("m", -1)],
      ["lengthcm", "centimeter (cm)", suffix(" cm")],
      ["lengthin", "inch (in)", suffix(" in")],
      ["lengthft", "feet (ft)", suffix(" ft")],
      ["lengthm", "meter (m)", si("m")],
      ["lengthkm", "kilometer (km)", si("m", 1)],
      ["lengthmi", "mile (mi)", suffix(" mi")],
    ],
  },
  {
    name: "Pressure",
    units: [
      ["pressurembar", "Millibars", si("bar", -1)],
      ["pressurebar", "Bars", si("bar")],
      ["pressurekbar", "Kilobars", si("bar", 1)],
      ["pressurepa", "Pascals", si("Pa")],
      ["pressurehpa", "Hectopascals", suffix(" hPa")],
      ["pressurekpa", "Kilopascals", suffix(" kPa")],
      ["pressurehg", "Inches of mercury", suffix(' "Hg')],
      ["pressurepsi", "PSI", suffix(" psi")],
    ],
  },
  {
    name: "Radiation",
    units: [
      ["radbq", "Becquerel (Bq)", si("Bq")],
      ["radci", "curie (Ci)", si("Ci")],
      ["radgy", "Gray (Gy)", si("Gy")],
      ["radrad", "rad", si("rad")],
      ["radsv", "Sievert (Sv)", si("Sv")],
      ["radmsv", "milliSievert (mSv)", si("Sv", -1)],
      ["radusv", "microSievert (µSv)", si("Sv", -2)],
      ["radrem", "rem", si("rem")],
      ["radexpckg", "Exposure (C/kg)", si("C/kg")],
      ["radr", "roentgen (R)", si("R")],
      ["radsvh", "Sievert/hour (Sv/h)", si("Sv/h")],
      ["radmsvh", "milliSievert/hour (mSv/h)", si("Sv/h", -1)],
      ["radusvh", "microSievert/hour (µSv/h)", si("Sv/h", -2)],
    ],
  },
  {
    name: "Rotational speed",
    units: [
      ["rotrpm", "Revolutions per minute (rpm)", suffix(" rpm")],
      ["rothz", "Hertz (Hz)", si("Hz")],
      ["rotkhz", "Kilohertz (kHz)", si("Hz", 1)],
      ["rotmhz", "Megahertz (MHz)", si("Hz", 2)],
      ["rotghz", "Gigahertz (GHz)", si("Hz", 3)],
      ["rotrads", "Radians per second (rad/s)", suffix(" rad/s")],
      ["rotdegs", "Degrees per second (°/s)", suffix(" °/s")],
    ],
  },
  {
    name: "Temperature",
    units: [
      ["celsius", "Celsius (°C)", suffix(" °C")],
      ["fahrenheit", "Fahrenheit (°F)", suffix(" °F")],
      ["kelvin", "Kelvin (K)", suffix(" K")],
    ],
  },
];
