/** The library: what a TypeScript program may import; docs/library.md describes it. */
export { type ErrorCode, ParleyError } from "../bus/errors";
export type { Alert } from "../bus/alert";
export type { Claim } from "../bus/claim";
export type { CleanupResult } from "../bus/cleanup";
export type { ProjectFinding } from "../bus/identity";
export type { Lock } from "../bus/lock";
export type { Message, SendResult, SentResult } from "../bus/message";
export type { RegisterResult, Session, TaskResult, UnregisterResult } from "../bus/session";
export type { Stats } from "../bus/status";
export type { SessionMessageBus, CleanedStale, Heartbeat } from "./bus";
export type { BusOptions } from "./connection";
export type {
  LockOptions,
  Payload,
  PublishOptions,
  SessionDescription,
  TakeOptions,
} from "./options";
export { discoverProject, getMessagingDbPath, getSessionMessageBus } from "./get-bus";
export type { Handler, SubscribeOptions } from "./message-bus";
