import { expect, test } from "bun:test";
import { Cidr, checkGuard, requestGuard } from "./address_guard.ts";
import { addressBytes, addressHash } from "./ip_address.ts";
import { splitHostPort } from "./resolve.ts";

function isForbidden(guard: ReturnType<typeof requestGuard>, address: string): boolean {
  try {
    guard.check(address);
    return false;
  } catch {
    return true;
  }
}

test("requestGuard() forbids loopback, link-local and metadata addresses in all their forms, and no neighbours", () => {
  const guard = requestGuard([], []);
  const forbidden = [
    "127.0.0.1",
    "127.255.255.255",
    "::1",
    "0.0.0.0",
    "::",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "169.254.169.254",
    "169.254.0.0",
    "169.254.255.255",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "no address",
  ];
  for (const address of forbidden)
    expect([address, isForbidden(guard, address)]).toEqual([address, true]);
  const allowed = [
    "169.253.255.255",
    "169.255.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "::2",
    "10.0.0.1",
    "fec0::1",
    "2001:db8::1",
    "100.100.100.201",
    "fd00:ec2::253",
  ];
  for (const address of allowed)
    expect([address, isForbidden(guard, address)]).toEqual([address, false]);
});

const range = (text: string) => Cidr.parse(text);

test("forbid adds ranges, allow takes some out; a check's own list is all that counts for it", () => {
  const guard = requestGuard(
    [range("10.0.0.0/8"), range("::/0")],
    [range("10.1.0.0/16"), range("169.254.7.7")],
  );
  expect(isForbidden(guard, "10.2.0.1")).toBe(true);
  expect(isForbidden(guard, "10.1.0.1")).toBe(false);
  expect(isForbidden(guard, "169.254.7.7")).toBe(false);
  expect(isForbidden(guard, "169.254.7.8")).toBe(true);
  expect(isForbidden(guard, "2001:db8::1")).toBe(true);
  expect(isForbidden(checkGuard([]), "169.254.169.254")).toBe(false);
  expect(isForbidden(checkGuard([range("127.0.0.0/8")]), "127.9.9.9")).toBe(true);
  // The unspecified addresses lead to this host.
  const noLoopback = checkGuard([range("127.0.0.0/8")]);
  for (const address of ["0.0.0.0", "::", "::ffff:0.0.0.0", "::ffff:127.0.0.1"])
    expect([address, isForbidden(noLoopback, address)]).toEqual([address, true]);
  expect(isForbidden(noLoopback, "0.0.0.1")).toBe(false);
  for (const bad of ["10.0.0.0/33", "fe80::/129", "10.0.0", "x/8", "10.0.0.0/8/8", "10.0.0.0/-1"])
    expect([bad, Cidr.safeParse(bad).success]).toEqual([bad, false]);
});

test("addresses are bytes, and have the hash of the exporter", () => {
  expect([...(addressBytes("1:2::ffff:1.2.3.4") ?? [])]).toEqual([
    0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4,
  ]);
  expect(addressBytes("1.2.3.256")).toBeUndefined();
  // As blackbox_exporter 0.23 told of it.
  expect(addressHash("127.0.0.1")).toBe(3_668_918_509);
});

test("splitHostPort() takes what Go's takes", () => {
  expect(splitHostPort("a.b:80")).toEqual({ host: "a.b", port: 80 });
  expect(splitHostPort("[::1]:80")).toEqual({ host: "::1", port: 80 });
  for (const bad of ["a.b", "::1:80", "a:70000", "a:b", ""])
    expect(splitHostPort(bad)).toBeUndefined();
});
