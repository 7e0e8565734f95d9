/** `markDelivered`: marks one message as shown. */
import type { Bus } from "../bus/bus";
import { ParleyError } from "../bus/errors";
import { operatorId } from "../bus/message";

/** Marks a message as shown to its mailbox, or an alert to the operator. False where it was before. Throws `not_found`. */
export async function markDelivered(bus: Bus, mailbox: string, id: number): Promise<boolean> {
  const { store, clock, changeSignal } = bus;
  const [message] = await store.messages([id]);
  if (!message) {
    throw new ParleyError("not_found", `There is no message ${id}`, {
      hint: "it may be past its time; getUnread lists those that wait",
      details: { message_ids: [id] },
    });
  }
  if (mailbox === operatorId && message.channel === "operator_alert") {
    await store.markAlertsDelivered([id], clock.now());
    return message.status === "pending";
  }
  const changed = await store.markDelivered(mailbox, [id], "library", clock.now());
  // Its sender may be waiting for this.
  if (changed.length > 0) changeSignal.notify([message.sender_id]);
  return changed.length > 0;
}
