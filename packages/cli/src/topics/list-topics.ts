import type { ProcessStatus } from "../supervisor/managed-process.ts";
import { type TopicReport, topicReport } from "./report.ts";
import { askTopics } from "./topics-client.ts";

/**
 * The topics that a process has seen.
 *
 * @throws {UserError} when it does not answer within `timeoutMs`
 */
export async function listTopics(
  runDir: string,
  process: ProcessStatus,
  timeoutMs: number,
): Promise<TopicReport[]> {
  const question = { runDir, process, what: `list the topics of "${process.name}"` };
  const { topics } = await askTopics(question, (client) => client.list({}, { timeoutMs }));
  return topics.map((topic) => topicReport(process.name, topic));
}
