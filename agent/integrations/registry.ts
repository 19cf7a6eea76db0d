import { apache } from "./apache/integration.ts";
import { backups } from "./backups/integration.ts";
import { bind } from "./bind/integration.ts";
import { certificates } from "./certificates/integration.ts";
import { chrony } from "./chrony/integration.ts";
import { containers } from "./containers/integration.ts";
import { elasticsearch } from "./elasticsearch/integration.ts";
import { etcd } from "./etcd/integration.ts";
import { fail2ban } from "./fail2ban/integration.ts";
import { haproxy } from "./haproxy/integration.ts";
import { kafka } from "./kafka/integration.ts";
import { libvirt } from "./libvirt/integration.ts";
import { memcached } from "./memcached/integration.ts";
import { mongodb } from "./mongodb/integration.ts";
import { mysql } from "./mysql/integration.ts";
import { nats } from "./nats/integration.ts";
import { nginx } from "./nginx/integration.ts";
import { ntp } from "./ntp/integration.ts";
import { openssh } from "./openssh/integration.ts";
import { phpFpm } from "./php_fpm/integration.ts";
import { postfix } from "./postfix/integration.ts";
import { postgresql } from "./postgresql/integration.ts";
import { processes } from "./processes/integration.ts";
import { rabbitmq } from "./rabbitmq/integration.ts";
import { redis } from "./redis/integration.ts";
import { scripts } from "./scripts/integration.ts";
import { smart } from "./smart/integration.ts";
import { squid } from "./squid/integration.ts";
import { systemd } from "./systemd/integration.ts";
import { textfile } from "./textfile/integration.ts";
import { varnish } from "./varnish/integration.ts";
import { zookeeper } from "./zookeeper/integration.ts";

/** Every integration, under its key in `integrations` of the configuration; sorted. A new one is a folder and a line here. */
export const integrations = {
  apache,
  backups,
  bind,
  certificates,
  chrony,
  containers,
  elasticsearch,
  etcd,
  fail2ban,
  haproxy,
  kafka,
  libvirt,
  memcached,
  mongodb,
  mysql,
  nats,
  nginx,
  ntp,
  openssh,
  php_fpm: phpFpm,
  postfix,
  postgresql,
  processes,
  rabbitmq,
  redis,
  scripts,
  smart,
  squid,
  systemd,
  textfile,
  varnish,
  zookeeper,
};
