import { createDecipheriv, createECDH, createPublicKey, hkdfSync, verify } from "node:crypto";
import { expect, test } from "bun:test";
import { z } from "zod";
import type { PushDevice } from "../push_devices.ts";
import {
  type Received,
  notificationOf,
  nowMs,
  plainParts,
  sendBy,
  serviceOf,
} from "../service.fixture.ts";
import { NotificationTemplates } from "../templates/notification_templates.ts";
import { encryptPush, plainBytesMax } from "./encrypt.ts";
import { webpush } from "./send.ts";

const bytesOf = (text: string) => Buffer.from(text, "base64url");

test("encryptPush() makes the message of RFC 8291, appendix A", () => {
  const sealed = encryptPush(
    Buffer.from("When I grow up, I want to be a watermelon"),
    {
      p256dh: bytesOf(
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
      ),
      auth: bytesOf("BTBZMqHH6r4Tts7J_aSIgg"),
    },
    {
      privateKey: bytesOf("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
      salt: bytesOf("DGv6ra1nlYgDCS1FRnbzlw"),
    },
  );
  expect(Buffer.from(sealed).toString("base64url")).toBe(
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
  );
});

/** A browser: it has the private half of its key, and reads messages as RFC 8291 says. */
function browser(name: string, endpoint: string) {
  const pair = createECDH("prime256v1");
  const [point, secret] = [pair.generateKeys(), Buffer.alloc(16, name)];
  const device: PushDevice = {
    id: name,
    receiver: "team",
    name,
    endpoint,
    p256dh: point.toString("base64url"),
    auth: secret.toString("base64url"),
    createdMs: nowMs,
  };
  const read = (body: Uint8Array): unknown => {
    const sealed = Buffer.from(body);
    const [salt, rest] = [sealed.subarray(0, 16), sealed.subarray(21)];
    const [sender, cipher] = [rest.subarray(0, sealed[20]), rest.subarray(sealed[20])];
    const info = Buffer.concat([Buffer.from("WebPush: info\0"), point, sender]);
    const input = hkdfSync("sha256", pair.computeSecret(sender), secret, info, 32);
    const keyOf = (what: string, length: number) =>
      Buffer.from(
        hkdfSync("sha256", Buffer.from(input), salt, `Content-Encoding: ${what}\0`, length),
      );
    const open = createDecipheriv("aes-128-gcm", keyOf("aes128gcm", 16), keyOf("nonce", 12));
    open.setAuthTag(cipher.subarray(-16));
    const plain = Buffer.concat([open.update(cipher.subarray(0, -16)), open.final()]);
    expect(plain.at(-1)).toBe(2);
    return JSON.parse(plain.subarray(0, -1).toString());
  };
  return { device, read };
}

let answer: (request: Received) => Response = () => new Response(null, { status: 201 });
const service = serviceOf((request) => answer(request));
const own = createECDH("prime256v1");
const keys = {
  publicKey: own.generateKeys().toString("base64url"),
  privateKey: own.getPrivateKey().toString("base64url"),
};
const templates = new NotificationTemplates();

function partsWith(devices: readonly PushDevice[]) {
  const ended: string[] = [];
  const parts = {
    ...plainParts,
    textsOf: (notification: ReturnType<typeof notificationOf>) =>
      templates.textsOf(notification, nowMs),
    push: {
      keys: () => Promise.resolve(keys),
      of: () => devices.filter(({ id }) => !ended.includes(id)),
      isAllowed: (endpoint: string) => endpoint.startsWith(service.url),
      ended: ({ id }: PushDevice) => {
        ended.push(id);
        return Promise.resolve();
      },
    },
  };
  return { parts, ended };
}

const Claims = z.strictObject({ aud: z.string(), exp: z.number(), sub: z.string() });

/** Checks the token as a push service does (RFC 8292), and gives its claims. */
function claimsOf({ headers }: Received) {
  const [, token = "", key = ""] =
    /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(headers.get("authorization") ?? "") ?? [];
  const [head = "", claims = "", signature = ""] = token.split(".");
  const point = bytesOf(key);
  const [x = "", y = ""] = [point.subarray(1, 33), point.subarray(33)].map((half) =>
    half.toString("base64url"),
  );
  const publicKey = createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x, y } });
  const signed = Buffer.from(`${head}.${claims}`);
  const options = { key: publicKey, dsaEncoding: "ieee-p1363" as const };
  expect(verify("sha256", signed, options, bytesOf(signature))).toBe(true);
  expect(JSON.parse(bytesOf(head).toString())).toEqual({ typ: "JWT", alg: "ES256" });
  expect(key).toBe(keys.publicKey);
  return Claims.parse(JSON.parse(bytesOf(claims).toString()));
}

test("each browser gets a message that it alone can read, from a sender that the service knows", async () => {
  answer = () => new Response(null, { status: 201 });
  const all = ["phone", "laptop"].map((name) => browser(name, `${service.url}/push/${name}`));
  const { parts } = partsWith(all.map(({ device }) => device));
  const config = { contact: "mailto:ops@x.example" };
  expect(await sendBy(webpush, config, { parts })).toMatchObject({
    kind: "sent",
    answer: "2 browsers",
  });
  const received = service.received.slice(-2);
  for (const [i, request] of received.entries()) {
    expect(request.path).toBe(`/push/${["phone", "laptop"][i]}`);
    expect(Object.fromEntries(request.headers)).toMatchObject({
      ttl: "86400",
      urgency: "high",
      topic: expect.stringMatching(/^[0-9a-f]{32}$/),
      "content-encoding": "aes128gcm",
    });
    expect(claimsOf(request)).toEqual({
      aud: service.url,
      exp: nowMs / 1_000 + 12 * 3_600,
      sub: "mailto:ops@x.example",
    });
    expect(all[i]?.read(request.bytes)).toEqual({
      title: "[FIRING:1] DiskFull (db<1> critical)",
      body: "Disk & swap are full",
      url: "http://lapwing.example/alerts?receiver=team",
      tag: expect.stringMatching(/^[0-9a-f]{32}$/),
      isFiring: true,
    });
  }
  const foreign = received[1]?.bytes ?? new Uint8Array();
  expect(() => all[0]?.read(foreign)).toThrow();
});

test("a long message fits what push services take", async () => {
  const one = browser("phone", `${service.url}/push/phone`);
  const { parts } = partsWith([one.device]);
  await sendBy(webpush, { message: 'quoted " text\n'.repeat(1_000) }, { parts });
  const { bytes } = service.received.at(-1) ?? { bytes: new Uint8Array() };
  expect(bytes.length).toBeLessThanOrEqual(4_096);
  expect(bytes.length).toBeGreaterThan(plainBytesMax - 300);
  expect(one.read(bytes)).toMatchObject({ body: expect.stringContaining("quoted") });
});

test.each([404, 410])(
  "a subscription that has ended (%d) is removed, and this is said",
  async (status) => {
    answer = ({ path }) => new Response(null, { status: path.endsWith("old") ? status : 201 });
    const all = ["old", "new"].map((name) => browser(name, `${service.url}/push/${name}`).device);
    const { parts, ended } = partsWith(all);
    expect(await sendBy(webpush, {}, { parts })).toMatchObject({
      kind: "sent",
      answer: "1 browser; the subscription of old has ended and is removed",
    });
    expect(ended).toEqual(["old"]);
  },
);

test("a wait that a push service asks for is kept, and those who have the message get no other", async () => {
  answer = ({ path }) =>
    path.endsWith("busy")
      ? new Response(null, { status: 429, headers: { "Retry-After": "120" } })
      : new Response(null, { status: 201 });
  const all = ["busy", "free"].map((name) => browser(name, `${service.url}/push/${name}`).device);
  const { parts } = partsWith(all);
  const notification = notificationOf();
  expect(await sendBy(webpush, {}, { parts, notification })).toMatchObject({
    kind: "failed",
    reason: "rateLimited",
    isRetried: true,
    retryAfterMs: 120_000,
  });
  answer = () => new Response(null, { status: 201 });
  const before = service.received.length;
  expect(await sendBy(webpush, {}, { parts, notification })).toMatchObject({ kind: "sent" });
  expect(service.received.slice(before).map(({ path }) => path)).toEqual(["/push/busy"]);
});

test("no request goes to other hosts, and none follows a redirect", async () => {
  const before = service.received.length;
  const inside = browser("evil", "http://169.254.169.254/latest/meta-data").device;
  const refused = await sendBy(webpush, {}, { parts: partsWith([inside]).parts });
  expect(refused).toMatchObject({ kind: "failed", reason: "clientError", isRetried: false });
  expect(service.received.length).toBe(before);
  answer = () => Response.redirect(`${service.url}/elsewhere`, 307);
  const one = browser("phone", `${service.url}/push/phone`).device;
  expect(await sendBy(webpush, {}, { parts: partsWith([one]).parts })).toMatchObject({
    kind: "failed",
  });
  expect(service.received.slice(before).map(({ path }) => path)).toEqual(["/push/phone"]);
});

test("a receiver without browsers says so", async () => {
  expect(await sendBy(webpush, {}, { parts: partsWith([]).parts })).toMatchObject({
    kind: "failed",
    error: expect.stringContaining("no browser is subscribed"),
  });
});
