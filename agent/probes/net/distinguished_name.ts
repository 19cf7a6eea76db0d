/**
 * Names of a certificate as Go's pkix.Name writes them: the usual attributes in a fixed order, last first; the others behind, with their
 * values in hexadecimal. A DER reader that is just enough for that (X.690; RFC 5280 section 4.1).
 */

/** In the order in which Go puts them together; the text has them the other way round. */
const usual: readonly (readonly [oid: string, name: string, isSingle: boolean])[] = [
  ["2.5.4.6", "C", false],
  ["2.5.4.8", "ST", false],
  ["2.5.4.7", "L", false],
  ["2.5.4.9", "STREET", false],
  ["2.5.4.17", "POSTALCODE", false],
  ["2.5.4.10", "O", false],
  ["2.5.4.11", "OU", false],
  ["2.5.4.3", "CN", true],
  ["2.5.4.5", "SERIALNUMBER", true],
];

type Element = { readonly tag: number; readonly body: Buffer };
type Attribute = { readonly oid: string; readonly value: string };

export function subjectName(der: Buffer): string {
  return nameText(nameAt(der, 5));
}

export function issuerName(der: Buffer): string {
  return nameText(nameAt(der, 3));
}

/** `place` counts the parts of a TBSCertificate after its version: serial number 1, algorithm 2, issuer 3, validity 4, subject 5. */
function nameAt(der: Buffer, place: number): Element | undefined {
  const tbs = elements(elements(der)[0]?.body)[0];
  const parts = elements(tbs?.body);
  const versionTag = 0xa0;
  return parts[parts[0]?.tag === versionTag ? place : place - 1];
}

function nameText(name: Element | undefined): string {
  const attributes = elements(name?.body)
    .flatMap(({ body }) => elements(body))
    .map(attributeOf);
  const known = new Set(usual.map(([oid]) => oid));
  const others = attributes
    .filter(({ oid }) => !known.has(oid))
    .map(({ oid, value }) => `${oid}=#${encoded(value).toString("hex")}`);
  const named = usual.flatMap(([oid, label, isSingle]) => {
    const values = attributes.filter((each) => each.oid === oid).map(({ value }) => value);
    const taken = isSingle ? values.slice(-1) : values;
    return taken.length === 0 ? [] : [taken.map((value) => `${label}=${escaped(value)}`).join("+")];
  });
  return [...others, ...named].toReversed().join(",");
}

function attributeOf({ body }: Element): Attribute {
  const [type, value] = elements(body);
  return { oid: oidText(type?.body), value: valueText(value) };
}

function valueText(value: Element | undefined): string {
  if (value === undefined) return "";
  const bmpString = 0x1e;
  if (value.tag === bmpString && value.body.length % 2 === 0)
    return Buffer.from(value.body).swap16().toString("utf16le");
  return value.body.toString("utf8");
}

function escaped(value: string): string {
  return value
    .replaceAll(/[,+"\\<>;]/g, String.raw`\$&`)
    .replace(/^[ #]/, String.raw`\$&`)
    .replace(/(?<=.) $/, String.raw`\ `);
}

/** A text as asn1.Marshal writes it: PrintableString where its characters allow that, else UTF8String. */
function encoded(value: string): Buffer {
  const body = Buffer.from(value);
  const tag = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value) ? 0x13 : 0x0c;
  const length =
    body.length < 0x80
      ? [body.length]
      : body.length < 0x100
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

function oidText(body: Buffer = Buffer.alloc(0)): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of body) {
    number = number * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0;
  }
  const [first = 0, ...rest] = numbers;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - 40 * top, ...rest].join(".");
}

/** The elements that stand one after the other; what is cut off ends the list. */
function elements(bytes: Buffer = Buffer.alloc(0)): Element[] {
  const found: Element[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? 0;
    at += 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count > 4 || at + count > bytes.length) break;
      length = count === 0 ? 0 : bytes.readUIntBE(at, count);
      at += count;
    }
    if (at + length > bytes.length) break;
    found.push({ tag, body: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}
