// Made by `npm run generate` from web/page/api/*.graphql: the documents that are trusted, by their ids.

export const trustedDocuments: Readonly<Record<string, string>> = {
  // CancelJob
  'sha256:e1358dc4b2b9b7f62f21505df4c07eb38aba46b1626b6be0d0c584f41fb484e0':
    "mutation CancelJob($id:ID!){cancelJob(id:$id){job{...JobRow}userErrors{code message}}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}preview{url}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // RetryJob
  'sha256:7ae3c6e655feb0f2673f2b61429f163dc805d587555744b205b6cc0d90864b3c':
    "mutation RetryJob($id:ID!){retryJob(id:$id){job{...JobRow}userErrors{code message}}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}preview{url}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // DeleteJob
  'sha256:38cb64f379310888999a67c6cd2cbe1ac360054a8276d50d8850fa5757dc2b80':
    "mutation DeleteJob($id:ID!){deleteJob(id:$id){deletedJobId userErrors{code message}}}",
  // History
  'sha256:742d0f2f8caba06bda04dabca912b37947c19eeb54913445eea2abe8921c1bda':
    "query History($first:Int!$after:String$filter:JobFilter){jobs(first:$first after:$after filter:$filter){totalCount nodes{...JobRow}pageInfo{hasNextPage endCursor}}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}preview{url}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // HistoryIds
  'sha256:ea5ff688db85cee3f5fb2c97f6944fdc6d1e5607bc906a541ab950aad916625d':
    "query HistoryIds($after:String$filter:JobFilter){jobs(first:100 after:$after filter:$filter){nodes{id}pageInfo{hasNextPage endCursor}}}",
  // JobDetails
  'sha256:86b3aa9a668cbac58d6a96ae668600a97ecb869fb783bfa4dee27bee495f81b7':
    "query JobDetails($id:ID!){job(id:$id){version timeline{at status phase attempt failureCode}result{sha256}}}",
  // WatchJobs
  'sha256:8d15711fc5971c47b65107c500f28adbe6ea70e94f279b3df1781d718f6a5c18':
    "subscription WatchJobs{jobs(activeOnly:false briefSnapshot:true){isSnapshot jobs{...JobRow}removedIds}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}preview{url}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // PollJobs
  'sha256:c93e76d0d6589061332a348cd0847556f854a495e9842546a766ed72ebfb48e8':
    "query PollJobs($heldIds:[ID!]!){jobs(first:100 filter:{statuses:[QUEUED RUNNING]}){nodes{...JobRow}}nodes(ids:$heldIds){...on Job{...JobRow}}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}preview{url}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // JobsById
  'sha256:e94f967d8cbbcffef32e9ca6d76b78bd8e09dab5732448eac6cb203d6f68d213':
    "query JobsById($ids:[ID!]!){nodes(ids:$ids){...on Job{...JobRow}}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}preview{url}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // QueuePositions
  'sha256:a4020c7a693bca452cf5f6e606b217640fb5cf0000aaebd43c2d8d87511e67bd':
    "query QueuePositions($ids:[ID!]!){nodes(ids:$ids){...on Job{id queuePosition}}queueStats{pausedLanes{...PausedLane}}}fragment PausedLane on PausedLane{site code until waiting}",
  // WatchQueue
  'sha256:c381f25a4cf6d894cdf7afeb54fe2775fef8d218d5ef2dd7a8a70e0a2c270160':
    "subscription WatchQueue{queueStats{...QueueNow}}fragment PausedLane on PausedLane{site code until waiting}fragment QueueNow on QueueStats{asOf queued running waitingForRetry workers workerSlots oldestQueuedAt pausedLanes{...PausedLane}}",
  // QueueHour
  'sha256:c612ab0db1804d9d8902ed7cfe8b6dffc6f3a1f00d8e4c2f00cfb6299ed1c7de':
    "query QueueHour{queueStats{...QueueNow window(minutes:60){succeeded failed canceled waitSecondsP50 waitSecondsP95 runSecondsP50 runSecondsP95}series(minutes:60){startsAt succeeded failed canceled waitSecondsP50 runSecondsP50}failures(minutes:60){code count}workerList{id slots running startedAt seenAt}}}fragment PausedLane on PausedLane{site code until waiting}fragment QueueNow on QueueStats{asOf queued running waitingForRetry workers workerSlots oldestQueuedAt pausedLanes{...PausedLane}}",
  // RequestMp3
  'sha256:385f94bbc27cddaff16ff939ac5b3ce8c9c3f69b5dd5daf18d6812d89515fb65':
    "mutation RequestMp3($url:String!$options:Mp3OptionsInput!$idempotencyKey:String!){requestMp3(url:$url options:$options idempotencyKey:$idempotencyKey){outcome job{...JobRow}userErrors{code message retryAt}}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}preview{url}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
};
