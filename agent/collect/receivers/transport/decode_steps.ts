import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  fromBinary,
  fromJson,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { Steps } from "./decode_turns.ts";

/** Lists in lists that are decoded item by item, such as resources, scopes, and the records of a scope. */
const listsDeep = 3;
/** Shorter requests are decoded in one step of some milliseconds. */
const wholeBytesMax = 128 * 1024;

/** Found in one step. */
const itemsPerStep = 1_024;

/** Decodes a message whose lengths are right as fromBinary() does, an item of its lists a step. Throws what that throws. */
export function* binarySteps<Desc extends DescMessage>(
  desc: Desc,
  bytes: Uint8Array,
  oneStepMax = wholeBytesMax,
): Steps<MessageShape<Desc>> {
  return yield* messageOfBytes(desc, bytes, bytes.length > oneStepMax ? listsDeep : 0);
}

/** Decodes a text of `textBytes` as fromJson() does, an item of its lists a step; unknown fields are ignored. Throws what that throws. */
export function* jsonSteps<Desc extends DescMessage>(
  desc: Desc,
  json: JsonValue,
  textBytes: number,
): Steps<MessageShape<Desc>> {
  return yield* messageOfJson(desc, json, textBytes > wholeBytesMax ? listsDeep : 0);
}

function* messageOfBytes<Desc extends DescMessage>(
  desc: Desc,
  bytes: Uint8Array,
  deep: number,
): Steps<MessageShape<Desc>> {
  yield;
  const lists = deep === 0 ? none : listsOf(desc);
  if (lists.size === 0) return fromBinary(desc, bytes, { readUnknownFields: false });
  const others: Uint8Array[] = [];
  // Not their bytes: of 200,000 small arrays a garbage collection takes long.
  const items: { readonly field: ListField; readonly start: number; readonly end: number }[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < bytes.length) {
    if (items.length % itemsPerStep === itemsPerStep - 1) yield;
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    const field = wireType === WireType.LengthDelimited ? lists.get(number) : undefined;
    if (field === undefined) {
      reader.skip(wireType, number);
      others.push(bytes.subarray(start, reader.pos));
    } else {
      const { length } = reader.bytes();
      items.push({ field, start: reader.pos - length, end: reader.pos });
    }
  }
  const message = fromBinary(desc, Buffer.concat(others), { readUnknownFields: false });
  const reflected = reflect(desc, message);
  for (const { field, start, end } of items) {
    const own = yield* messageOfBytes(field.message, bytes.subarray(start, end), deep - 1);
    reflected.get(field).add(reflect(field.message, own));
  }
  return message;
}

function* messageOfJson<Desc extends DescMessage>(
  desc: Desc,
  json: JsonValue,
  deep: number,
): Steps<MessageShape<Desc>> {
  yield;
  const lists = deep === 0 || !isObject(json) ? none : listsOf(desc);
  const [field] = lists.values();
  const given = field === undefined || !isObject(json) ? undefined : json[field.jsonName];
  // Under another name it is decoded in one step.
  if (field === undefined || !isObject(json) || !Array.isArray(given))
    return fromJson(desc, json, { ignoreUnknownFields: true });
  const message = fromJson(desc, { ...json, [field.jsonName]: [] }, { ignoreUnknownFields: true });
  const list = reflect(desc, message).get(field);
  for (const item of given) {
    const own = yield* messageOfJson(field.message, item, deep - 1);
    list.add(reflect(field.message, own));
  }
  return message;
}

type ListField = DescField & { readonly fieldKind: "list"; readonly listKind: "message" };
const none: ReadonlyMap<number, ListField> = new Map();
/** Derived from the descriptors alone, once each. */
const known = new WeakMap<DescMessage, ReadonlyMap<number, ListField>>();

function listsOf(desc: DescMessage): ReadonlyMap<number, ListField> {
  const before = known.get(desc);
  if (before !== undefined) return before;
  const lists = new Map(
    desc.fields.flatMap((field) =>
      field.fieldKind === "list" && field.listKind === "message" ? [[field.number, field]] : [],
    ),
  );
  known.set(desc, lists);
  return lists;
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
