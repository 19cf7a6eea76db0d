import { hostName } from "#shared/runtime/config/base_config.ts";

const loopback =
  /^([a-z][a-z0-9+.-]*:\/\/)?(localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)(?=$|[:/;])/i;
const socket = /^([a-z][a-z0-9+.-]*:\/\/)?(?=\/)/i;

/**
 * Label `instance` of what an agent watches at `place`. A place of this host alone (a loopback address, a socket's or folder's path) is said with the host's
 * name in front: every host has a 127.0.0.1:6379, and series of two hosts must not be one.
 */
export function instanceLabel(place: string, hostname: string): string {
  if (loopback.test(place))
    return place.replace(loopback, (_, scheme = "") => `${scheme}${hostname}`);
  if (socket.test(place)) return place.replace(socket, (_, scheme = "") => `${scheme}${hostname}:`);
  // What has the name of the system gets the name that the agent goes by.
  const own = hostName();
  return place === own || place.startsWith(`${own}/`) ? hostname + place.slice(own.length) : place;
}
