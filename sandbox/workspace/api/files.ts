import type { Json } from "../contract.ts";
import { fileShape, newFile, share } from "../files.ts";
import { objects, text } from "../json.ts";
import { announce, type StoredFile } from "../state.ts";
import { ApiError, type Call, channelById, invalidArguments, type Method, TIER } from "./call.ts";

export const fileMethods: Record<string, Method> = {
  "files.getUploadURLExternal": { scopes: ["files:write"], perMinute: TIER[4], run: getUploadUrl },
  "files.completeUploadExternal": { scopes: ["files:write"], perMinute: TIER[4], writes: true, run: complete },
  "files.info": { scopes: ["files:read"], perMinute: TIER[4], run: info },
  "files.delete": { scopes: ["files:write"], perMinute: TIER[3], writes: true, run: remove },
};

function getUploadUrl(call: Call): Json {
  const { args, twin } = call;
  const name = args.need("filename");
  const size = Number(args.need("length"));
  if (!Number.isInteger(size) || size <= 0)
    throw invalidArguments("[ERROR] must be greater than 0 [json-pointer:/length]");
  const file = newFile(twin.state, { name, size, user: twin.state.app.botUserId });
  return { upload_url: `${twin.state.url}/upload/v1/${file.uploadToken}`, file_id: file.id };
}

function complete(call: Call): Json {
  const { args, twin } = call;
  const asked = objects(args.json("files"));
  if (asked.length === 0) throw invalidArguments("[ERROR] missing required field: files");
  const files = asked.map((one) => {
    const file = twin.state.files.get(text(one["id"]));
    // A file whose bytes never came, or that was completed before, cannot be completed.
    if (file === undefined || file.uploadToken !== null || file.complete) throw new ApiError("file_not_found");
    if (typeof one["title"] === "string" && one["title"] !== "") file.title = one["title"];
    return file;
  });
  const which = args.text("channel_id") ?? args.text("channels");
  if (which !== undefined) shareIn(call, which, files);
  else for (const file of files) file.complete = true;
  return { files: files.map((file) => fileShape(twin.state, file)) };
}

function shareIn(call: Call, which: string, files: StoredFile[]): void {
  const { args, twin } = call;
  const channel = channelById(call, which);
  if (channel.archived) throw new ApiError("is_archived");
  if (!channel.bot) throw new ApiError("not_in_channel");
  const threadTs = args.text("thread_ts");
  if (threadTs !== undefined && !channel.messages.has(threadTs)) throw new ApiError("thread_not_found");
  for (const file of files) file.complete = true;
  const { botId, botUserId, id: appId } = twin.state.app;
  share(twin, channel, {
    files,
    draft: {
      user: botUserId,
      bot_id: botId,
      app_id: appId,
      text: args.text("initial_comment") ?? "",
      ...(threadTs !== undefined && { thread_ts: threadTs }),
    },
  });
}

function info(call: Call): Json {
  return { file: fileShape(call.twin.state, existing(call)), comments: [] };
}

function remove(call: Call): Json {
  const file = existing(call);
  const { state } = call.twin;
  if (file.user !== state.app.botUserId) throw new ApiError("cant_delete_file");
  state.files.delete(file.id);
  announce(state, { kind: "file", user: file.user, text: file.name });
  return {};
}

function existing(call: Call): StoredFile {
  const file = call.twin.state.files.get(call.args.need("file"));
  if (file === undefined || !file.complete) throw new ApiError("file_not_found");
  return file;
}
