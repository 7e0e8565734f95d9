/** Channels, the feed, the human's own stream, and queries by their earlier names. */
import { type Group, story } from "../group";

const publishing = story(
  "publishing",
  `claude register --task-id H.8.1
   codex register
   claude* publish state '{"task_id":"H.8.1","status":"working"}'
   claude* publish build "main is green" --ttl 10m
   claude* publish build broken --priority 3 --type alarm
   claude* publish build - < "a text\\nof two lines"
   claude* publish build "[1,2]"
   claude* publish "no such channel" x
   claude* publish operator_alert x
   claude* publish session_lifecycle x
   claude* publish coordination "for all who listen" --priority=0
   desk* publish build "from the human" --as operator
   desk* publish build "from nobody"
   codex* poll build
   codex* poll build --since 4
   codex* poll build --limit 2
   codex* poll build --recent --limit 2
   codex* poll build --since 4 --recent
   codex* poll session_lifecycle --recent
   codex* poll nowhere
   codex@44 poll build
   codex@150 poll build
   codex FORCE_COLOR=1 poll build
   codex* feed
   codex* feed --limit 3
   codex* feed --since 5
   codex* feed --since 5 --limit 2
   codex@44 feed --limit 4
   codex* cxq
   codex* cxq --bus-messages
   codex* cxq --bus-messages --limit 3
   codex* cxq --bus-feed
   codex* cxq --bus-feed --limit 2
   codex* cxq --bus-alerts
   codex* cxq --bus-lifecycle
   codex* cxq --bus-unread
   codex* cxq --bus-stats
   claude publish build "gone at once" --ttl 1ms
   = sleep 30
   codex poll build --json
   claude PARLEY_TTL=state=1ms publish state old
   codex* poll state`,
);

const listening = story(
  "listening",
  `claude register
   codex register
   claude publish build first
   claude message {codex} "mail for codex"
   codex* watch build --since 0 --once
   codex* watch build --since 0 --for 200ms
   codex* watch --since 0 --for 200ms
   codex* watch build state --since 0 --for 200ms --verbose
   codex@44 watch --since 0 --for 200ms
   codex FORCE_COLOR=1 watch --since 0 --for 200ms
   codex PARLEY_WAKE=poll PARLEY_POLL_MS=50 watch build --since 0 --for 200ms --verbose
   codex& watch build --for 3s --once --json
   claude& watch --for 3s --once
   = sleep 800
   claude publish build second
   = join
   codex& watch coordination --for 3s --once
   = sleep 800
   claude message {codex} "more mail"
   = join
   codex~ feed --follow --limit 2
   codex~ feed --follow --since 2 --json
   codex& $ timeout 5 parley feed --follow --limit 1 --json
   = sleep 1500
   claude publish build third
   = join
   codex* inbox
   desk* watch --for 100ms
   desk* watch --since 99999 --for 100ms
   codex $ sh -c "parley watch --since 0 --for 2s | head -1"
   codex $ sh -c "parley watch --since 0 --for 100ms >/dev/full"`,
);

const operator = story(
  "operator",
  `claude register --project P
   claude message operator "which branch?"
   claude message operator "<b>critical</b> $(id)" --priority 3
   claude message --all "for nobody"
   claude* watch --operator --for 100ms
   desk* watch --operator --once --for 2s
   desk* watch --operator --for 200ms
   desk* watch --operator --notify --for 200ms
   codex register --project P
   desk watch --operator --notify --for 300ms
   desk@60 watch --operator --for 200ms
   desk* watch state --operator --for 100ms
   desk* watch --notify --for 100ms
   desk* status --no-log
   desk* inbox --as operator --peek
   desk* orient
   desk* orient --as operator
   desk* message {claude} "use main" --as operator --reply-to 2
   desk* lock a.txt --as operator
   desk* task H.1 --as operator
   claude* inbox
   desk* conflicts --alerts --as operator
   desk* conflicts --acknowledge --as operator
   desk* status --alerts
   = files home`,
  (stage) => stage.programs("notify-send"),
);

export const channels: readonly Group[] = [publishing, listening, operator];
