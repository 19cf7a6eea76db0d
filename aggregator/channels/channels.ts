import type { Channel } from "./channel.ts";
import { discord } from "./discord/send.ts";
import { email } from "./email/send.ts";
import { googlechat } from "./googlechat/send.ts";
import { gotify } from "./gotify/send.ts";
import { incidentio } from "./incidentio/send.ts";
import { jira } from "./jira/send.ts";
import { matrix } from "./matrix/send.ts";
import { mattermost } from "./mattermost/send.ts";
import { msteams } from "./msteams/send.ts";
import { msteamsv2 } from "./msteamsv2/send.ts";
import { ntfy } from "./ntfy/send.ts";
import { opsgenie } from "./opsgenie/send.ts";
import { pagerduty } from "./pagerduty/send.ts";
import { pushbullet } from "./pushbullet/send.ts";
import { pushover } from "./pushover/send.ts";
import { rocketchat } from "./rocketchat/send.ts";
import { script } from "./script/send.ts";
import { signal } from "./signal/send.ts";
import { slack } from "./slack/send.ts";
import { sns } from "./sns/send.ts";
import { telegram } from "./telegram/send.ts";
import { twilio } from "./twilio/send.ts";
import { victorops } from "./victorops/send.ts";
import { webex } from "./webex/send.ts";
import { webpush } from "./webpush/send.ts";
import { webhook } from "./webhook/send.ts";
import { wechat } from "./wechat/send.ts";
import { zulip } from "./zulip/send.ts";

/** A channel whose configuration's type only those see who use it: call it with what to do with the channel. */
export type AnyChannel = <Result>(use: <Config>(channel: Channel<Config>) => Result) => Result;

function any<Config>(channel: Channel<Config>): AnyChannel {
  return (use) => use(channel);
}

/** Every channel that receivers may use. */
export const channels: readonly AnyChannel[] = [
  any(discord),
  any(email),
  any(googlechat),
  any(gotify),
  any(incidentio),
  any(jira),
  any(matrix),
  any(mattermost),
  any(msteams),
  any(msteamsv2),
  any(ntfy),
  any(opsgenie),
  any(pagerduty),
  any(pushbullet),
  any(pushover),
  any(rocketchat),
  any(script),
  any(signal),
  any(slack),
  any(sns),
  any(telegram),
  any(twilio),
  any(victorops),
  any(webex),
  any(webhook),
  any(webpush),
  any(wechat),
  any(zulip),
];
