import { accessLog } from "./access_log.ts";
import { cri } from "./cri.ts";
import { drop } from "./drop.ts";
import { errorLog } from "./error_log.ts";
import { format } from "./format.ts";
import { grok } from "./grok.ts";
import { json } from "./json.ts";
import { keep } from "./keep.ts";
import { labels } from "./labels.ts";
import { logfmt } from "./logfmt.ts";
import { metrics } from "./metrics.ts";
import { mysqlSlow } from "./mysql_slow.ts";
import { postgres } from "./postgres.ts";
import { type Bind, bindable } from "./processor.ts";
import { rateLimit } from "./rate_limit.ts";
import { redact } from "./redact/redact.ts";
import { regex } from "./regex.ts";
import { relabel } from "./relabel.ts";
import { replace } from "./replace.ts";
import { sample } from "./sample.ts";
import { severity } from "./severity.ts";
import { timestamp } from "./timestamp.ts";

/** Every processor that `processors` of the configuration can name; sorted. A new one is a file and a line here. */
export const processors: Readonly<Record<string, Bind>> = {
  access_log: bindable(accessLog),
  cri: bindable(cri),
  drop: bindable(drop),
  error_log: bindable(errorLog),
  format: bindable(format),
  grok: bindable(grok),
  json: bindable(json),
  keep: bindable(keep),
  labels: bindable(labels),
  logfmt: bindable(logfmt),
  metrics: bindable(metrics),
  mysql_slow: bindable(mysqlSlow),
  postgres: bindable(postgres),
  rate_limit: bindable(rateLimit),
  redact: bindable(redact),
  regex: bindable(regex),
  relabel: bindable(relabel),
  replace: bindable(replace),
  sample: bindable(sample),
  severity: bindable(severity),
  timestamp: bindable(timestamp),
};
