import { lookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import { splitAddress } from "../connections/split_address.ts";
import { usualPort } from "./config.ts";
import type { BrokerAddress } from "./partitions.ts";

/**
 * Whether `asked`, an address of this host, is that of the broker with the lowest id of those that are there. Of several agents beside the brokers of a cluster
 * that is true for one, and when that broker goes, for the next. A broker does not tell who it is, so the address that it advertises decides: the same port, and
 * a name or number of this host.
 */
export async function isLowestBroker(
  asked: string,
  brokers: readonly BrokerAddress[],
): Promise<boolean> {
  const lowest = brokers.toSorted((a, b) => a.id - b.id)[0];
  if (lowest === undefined) return false;
  if (lowest.address === asked) return true;
  const [own, told] = [asked, lowest.address].map((address) => splitAddress(address, usualPort));
  if (own === undefined || told === undefined || !("host" in own) || !("host" in told))
    return false;
  if (own.port !== told.port) return false;
  const here = addressesOfHost();
  return (await addressesOf(told.host)).some((address) => here.has(address));
}

function addressesOfHost(): Set<string> {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return new Set(all.map(({ address }) => address));
}

/** None where the name is not known. */
async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}
