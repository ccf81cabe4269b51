/** Slack's codes, by what is to be done about them. */

/** Codes that say that the channel, not the message, is the trouble. */
export const UNUSABLE = new Set([
  "not_in_channel",
  "channel_not_found",
  "is_archived",
  "restricted_action",
  "restricted_action_read_only_channel",
  "restricted_action_non_threadable_channel",
  "restricted_action_thread_only_channel",
  "team_access_not_granted",
]);
/** The thread has no first message any more. */
export const NO_THREAD = new Set([
  "thread_not_found",
  "message_not_found",
  "cannot_reply_to_message",
  "restricted_action_thread_locked",
]);
/** Of an edit: the message is not there any more. */
export const MESSAGE_GONE = new Set([
  "message_not_found",
  "channel_not_found",
  "cant_update_message",
  "thread_not_found",
]);
/** The blocks are at fault, not the words. */
export const BAD_DRAWING = new Set([
  "invalid_blocks",
  "invalid_blocks_format",
  "msg_blocks_too_long",
  "invalid_attachments",
]);
