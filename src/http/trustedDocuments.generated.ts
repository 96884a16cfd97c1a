// Made by `npm run generate` from web/page/api/*.graphql: the documents that are trusted, by their ids.

export const trustedDocuments: Readonly<Record<string, string>> = {
  // CancelJob
  'sha256:72b90cbe65700bee6112995a387abf32c3e59948c4bbb1fe952287e854a8c10f':
    "mutation CancelJob($id:ID!){cancelJob(id:$id){job{...JobRow}userErrors{code message}}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // RetryJob
  'sha256:085f05bc91c4c8334f80906f5f8b7f4d1052c09b07672e3c3b2f354f9b332f39':
    "mutation RetryJob($id:ID!){retryJob(id:$id){job{...JobRow}userErrors{code message}}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // DeleteJob
  'sha256:38cb64f379310888999a67c6cd2cbe1ac360054a8276d50d8850fa5757dc2b80':
    "mutation DeleteJob($id:ID!){deleteJob(id:$id){deletedJobId userErrors{code message}}}",
  // History
  'sha256:4585eb656cbaf6f8afccb59d81c574beb12fc679cf31568e4c5aac42f08a549a':
    "query History($first:Int!$after:String$filter:JobFilter){jobs(first:$first after:$after filter:$filter){totalCount nodes{...JobRow}pageInfo{hasNextPage endCursor}}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // HistoryIds
  'sha256:ea5ff688db85cee3f5fb2c97f6944fdc6d1e5607bc906a541ab950aad916625d':
    "query HistoryIds($after:String$filter:JobFilter){jobs(first:100 after:$after filter:$filter){nodes{id}pageInfo{hasNextPage endCursor}}}",
  // JobDetails
  'sha256:86b3aa9a668cbac58d6a96ae668600a97ecb869fb783bfa4dee27bee495f81b7':
    "query JobDetails($id:ID!){job(id:$id){version timeline{at status phase attempt failureCode}result{sha256}}}",
  // WatchJobs
  'sha256:5c378940ab03c67a00d2e91c0891ae5657ab107e76e3403aed7b1a59444a8731':
    "subscription WatchJobs{jobs(activeOnly:false briefSnapshot:true){isSnapshot jobs{...JobRow}removedIds}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // PollJobs
  'sha256:138eac5085b294646c8b8b4f09e11d1d7c341da2c62a28d537c0987a43c78be4':
    "query PollJobs($heldIds:[ID!]!){jobs(first:100 filter:{statuses:[QUEUED RUNNING]}){nodes{...JobRow}}nodes(ids:$heldIds){...on Job{...JobRow}}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // JobsById
  'sha256:8042b9b655dd39517120bb4a0702ee93861b17bc63ddea1a3eaffae5b69b0362':
    "query JobsById($ids:[ID!]!){nodes(ids:$ids){...on Job{...JobRow}}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // QueuePositions
  'sha256:a4020c7a693bca452cf5f6e606b217640fb5cf0000aaebd43c2d8d87511e67bd':
    "query QueuePositions($ids:[ID!]!){nodes(ids:$ids){...on Job{id queuePosition}}queueStats{pausedLanes{...PausedLane}}}fragment PausedLane on PausedLane{site code until waiting}",
  // WatchQueue
  'sha256:7df53147f5ce4f2b975514774bd0bb1c08c7852bd5c202980ffc21a36a9791e9':
    "subscription WatchQueue{queueStats{...QueueNow}}fragment QueueNow on QueueStats{asOf queued running waitingForRetry workers workerSlots oldestQueuedAt pausedLanes{...PausedLane}}fragment PausedLane on PausedLane{site code until waiting}",
  // QueueHour
  'sha256:5e89c958deada11ec230395368f813eb03824a94ef40ded51ca43601f70f2006':
    "query QueueHour{queueStats{...QueueNow window(minutes:60){succeeded failed canceled waitSecondsP50 waitSecondsP95 runSecondsP50 runSecondsP95}series(minutes:60){startsAt succeeded failed canceled waitSecondsP50 runSecondsP50}failures(minutes:60){code count}workerList{id slots running startedAt seenAt}}}fragment QueueNow on QueueStats{asOf queued running waitingForRetry workers workerSlots oldestQueuedAt pausedLanes{...PausedLane}}fragment PausedLane on PausedLane{site code until waiting}",
  // RequestMp3
  'sha256:28372ca6f3edade89494fcc1924f6adf269ea202ca94a2549f086cb7795b034e':
    "mutation RequestMp3($url:String!$options:Mp3OptionsInput!$idempotencyKey:String!){requestMp3(url:$url options:$options idempotencyKey:$idempotencyKey){outcome job{...JobRow}userErrors{code message retryAt}}}fragment JobRow on Job{id version status isTerminal sourceUrl thumbnailUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
};
