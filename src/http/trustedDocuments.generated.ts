// Made by `npm run generate` from web/page/api/*.graphql: the documents that are trusted, by their ids.

export const trustedDocuments: Readonly<Record<string, string>> = {
  // CancelJob
  'sha256:98bda4998df205bd89ba0174fe9af0690bb048b139c85a8499f12f6baefffd69':
    "mutation CancelJob($id:ID!){cancelJob(id:$id){job{...JobRow}userErrors{code message}}}fragment JobRow on Job{id version status isTerminal sourceUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // RetryJob
  'sha256:dd04f7ab1fdffd56f3c8f7b72d51173f8658072557732e437759057336601a03':
    "mutation RetryJob($id:ID!){retryJob(id:$id){job{...JobRow}userErrors{code message}}}fragment JobRow on Job{id version status isTerminal sourceUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // DeleteJob
  'sha256:38cb64f379310888999a67c6cd2cbe1ac360054a8276d50d8850fa5757dc2b80':
    "mutation DeleteJob($id:ID!){deleteJob(id:$id){deletedJobId userErrors{code message}}}",
  // History
  'sha256:9d7060c996bc3e7382b40ce43fb3eaa85f07693aec5795620a8865e609853b95':
    "query History($first:Int!$after:String$filter:JobFilter){jobs(first:$first after:$after filter:$filter){totalCount nodes{...JobRow}pageInfo{hasNextPage endCursor}}}fragment JobRow on Job{id version status isTerminal sourceUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // HistoryIds
  'sha256:ea5ff688db85cee3f5fb2c97f6944fdc6d1e5607bc906a541ab950aad916625d':
    "query HistoryIds($after:String$filter:JobFilter){jobs(first:100 after:$after filter:$filter){nodes{id}pageInfo{hasNextPage endCursor}}}",
  // JobDetails
  'sha256:86b3aa9a668cbac58d6a96ae668600a97ecb869fb783bfa4dee27bee495f81b7':
    "query JobDetails($id:ID!){job(id:$id){version timeline{at status phase attempt failureCode}result{sha256}}}",
  // WatchJobs
  'sha256:129857e8c0161d8cefd692b1536762104e04c7494eedf7b26a9354cf6492fa3d':
    "subscription WatchJobs{jobs(activeOnly:false briefSnapshot:true){isSnapshot jobs{...JobRow}removedIds}}fragment JobRow on Job{id version status isTerminal sourceUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // PollJobs
  'sha256:585292beab35bbf3b19a6facd6d3dfd0fe31d8aafe1a35de52d2ec137857a012':
    "query PollJobs($heldIds:[ID!]!){jobs(first:100 filter:{statuses:[QUEUED RUNNING]}){nodes{...JobRow}}nodes(ids:$heldIds){...on Job{...JobRow}}}fragment JobRow on Job{id version status isTerminal sourceUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // JobsById
  'sha256:cea6f12fb04621824e2759562e54a5d57f6cbbf0bd894a09721c4049b02cae7d':
    "query JobsById($ids:[ID!]!){nodes(ids:$ids){...on Job{...JobRow}}}fragment JobRow on Job{id version status isTerminal sourceUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
  // QueuePositions
  'sha256:b30a5b3636777093d63a6d36044ba85b9142d44bd97d91d6c3d5873af538f482':
    "query QueuePositions($ids:[ID!]!){nodes(ids:$ids){...on Job{id queuePosition}}}",
  // WatchQueue
  'sha256:a6dcbf3d2af63761400438ba19fb4a6313c33fe855ab5066b4c477aacad77d78':
    "subscription WatchQueue{queueStats{...QueueNow}}fragment QueueNow on QueueStats{asOf queued running waitingForRetry workers workerSlots oldestQueuedAt}",
  // QueueHour
  'sha256:7fc6f4ebcf876f8051902d01681ff08ae343d4d26fff8ea9dc4f80d31b94b42c':
    "query QueueHour{queueStats{...QueueNow window(minutes:60){succeeded failed canceled waitSecondsP50 waitSecondsP95 runSecondsP50 runSecondsP95}series(minutes:60){startsAt succeeded failed canceled waitSecondsP50 runSecondsP50}failures(minutes:60){code count}workerList{id slots running startedAt seenAt}}}fragment QueueNow on QueueStats{asOf queued running waitingForRetry workers workerSlots oldestQueuedAt}",
  // RequestMp3
  'sha256:1960558c2026eef5627f734a930b100d03cfd855d421525671a92cdfc82585ea':
    "mutation RequestMp3($url:String!$options:Mp3OptionsInput!$idempotencyKey:String!){requestMp3(url:$url options:$options idempotencyKey:$idempotencyKey){outcome job{...JobRow}userErrors{code message retryAt}}}fragment JobRow on Job{id version status isTerminal sourceUrl options{quality embedThumbnail}progress{phase fraction bytesPerSecond etaSeconds asOf}source{site externalId title uploader durationSeconds}result{url fileName sizeBytes durationSeconds bitrateKbps expiresAt}failure{code message isRetryable occurredAt}attempt maxAttempts nextAttemptAt queuePosition createdAt startedAt finishedAt}",
};
