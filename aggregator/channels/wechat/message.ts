import type { Texts } from "../channel.ts";
import { inBytes } from "../truncated.ts";
import { withoutEmpty } from "../without_empty.ts";
import type { WechatConfig } from "./schema.ts";

/** Bytes of a message's content that WeCom shows. */
const contentBytesMax: Readonly<Record<WechatConfig["message_type"], number>> = {
  text: 2_048,
  markdown: 2_048,
};

/** The body of message/send (developer.work.weixin.qq.com). */
export function wechatMessage(config: WechatConfig, { text }: Texts) {
  const { message_type: type } = config;
  return {
    ...withoutEmpty({
      touser: text(config.to_user),
      toparty: text(config.to_party),
      totag: text(config.to_tag),
      agentid: text(config.agent_id),
    }),
    safe: "0",
    msgtype: type,
    [type]: { content: inBytes(text(config.message), contentBytesMax[type]) },
  };
}
