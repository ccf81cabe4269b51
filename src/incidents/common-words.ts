/** Words that errors and alarms of every kind hold: two texts that share them share nothing. */
export const COMMON_WORDS: ReadonlySet<string> = new Set(
  `a able abort aborted about above access account action active after again alarm alert all allowed already also an and another any
  api app application are argument array as assertion at attempt attempted attempts authentication available average away bad batch be because been before being
  below between body boolean broken build but by cache call called caller calling can cannot cause caused certificate change check child class
  client close closed cluster code column command complete completed condition config configuration connect connecting connection
  connections container content context could count cpu create created creating creation critical current data database date deadline
  deadlock default defined delete denied depth deserialize deserialization did disk do document does done down due duplicate during duration each element elevated empty
  end ended endpoint entity entry enum env environment error errors essential event exceeded exception exceptions execute executing execution exist exists
  exit exited expected expired fail failed failing fails failure failures false fatal fetch field file files find finish finished
  firing for forbidden format found from full function gateway get given got had handler handling has have head health healthy heap high host hour hours http
  https id if import in inactive index info initial inner input insert instance instead insufficient integer internal into invalid invoke io is it its item java job
  jobs json key keys kind known lag last latency length level limit line list load loading local lock log long longer lost low main
  malformed many mapping match max maximum memory message method min minimum minute minutes missed missing mode more most must name named native network new no non
  none not null number object occurred of off offset old on one only open operation option or order other out over overdue own page param
  parameter parse parsing part path peer pending percent percentage permission pipe please pod pool port post prepare process processing prod production
  property provided put queue query rate reached read ready reason received record records refresh refused register rejected reload remote remaining
  repeated reply request requests required reset resource response responded result retries retry retrying return returned role rollback root row rows run
  running runtime same save saving schedule scheduled schema script second seconds see send sending server service session set severity sh signal since size skipped slow socket
  some source space spike sql ssl stage staging start started state statement status step still stop stopped storage stream string success sync system table target task
  tasks temporary test than that the their then there this thread threads threshold throw thrown time timed timeout timeouts tls to token too total trace transaction
  transient true try trying type unable unauthorized unavailable undefined under unexpected unhandled unhealthy unit unknown unreachable unrecognized
  unsupported until up update upstream uri url usage use used user using utilization valid value values variable version via view wait waiting warning was web
  were when where which while will with within without worker write writing wrong year you your zero
  dns tcp udp utc gmt gc jvm amqp rest soap xml csv html uuid utf patch select delete values group join monday tuesday wednesday thursday friday saturday sunday january february april june july august september october november december stuff people user customer order orders calling calls nested cannot acquire thing things lines several since remote procedure reply replies attempt every other others preprod development dev stopping nightly night deploy deployed deployment rds ecs aws lambda s3 sqs sns ec2 postgres postgresql mysql mongo mongodb redis
  hibernate jdbc spring tomcat node python retryable acquire acquired lease commit constraint violation violates violated integrity`
    .split(/\s+/)
    .filter((word) => word !== ""),
);

/** Names that libraries put into their messages, squashed: they are in the errors of everybody who uses the library. */
export const COMMON_NAMES: ReadonlySet<string> = new Set(
  `nullpointerexception runtimeexception illegalstateexception illegalargumentexception exception error typeerror valueerror keyerror attributeerror
  indexoutofboundsexception arrayindexoutofboundsexception classcastexception ioexception sqlexception sqltransientconnectionexception
  sqlsyntaxerrorexception psqlexception jdbcconnectionexception jdbcexception genericjdbcexception dataaccessexception dataintegrityviolationexception dataaccessresourcefailureexception
  constraintviolationexception timeoutexception sockettimeoutexception connecttimeoutexception readtimeoutexception readtimeouterror connectionerror connecttimeout
  connectexception connectionrefusederror connectionreseterror socketexception unknownhostexception nohttpresponseexception resourceaccessexception restclientexception httpclienterrorexception
  httpservererrorexception feignexception retryableexception webclientrequestexception webclientresponseexception jsonmappingexception jsonparseexception jsonprocessingexception
  invalidformatexception mismatchedinputexception unrecognizedpropertyexception httpmessagenotreadableexception messageconversionexception
  listenerexecutionfailedexception amqpexception amqpconnectexception amqprejectanddontrequeueexception mongoexception mongotimeoutexception mongosocketexception redisconnectionexception
  redisexception outofmemoryerror stackoverflowerror nosuchelementexception concurrentmodificationexception unsupportedoperationexception executionexception
  completionexception interruptedexception accessdeniedexception authenticationexception unauthorizedexception forbiddenexception sslhandshakeexception sslexception
  beancreationexception unsatisfieddependencyexception transactionsystemexception cannotcreatetransactionexception cannotacquirelockexception locktimeoutexception pessimisticlockexception
  optimisticlockexception deadlockloserdataaccessexception operationalerror programmingerror integrityerror axioserror fetcherror systemerror
  assertionerror syntaxerror referenceerror rangeerror hikaripool hikaridatasource resttemplate objectmapper entitymanager sessionfactory
  jobexecutionexception jobinterruptedexception stringindexoutofboundsexception numberformatexception parseexception dateparseexception datetimeparseexception
  econnrefused econnreset etimedout enotfound ehostunreach epipe eaihagain cputilization cpuutilization memoryutilization freestoragespace higherrorrate highlatency
  targetdown crashloopbackoff kubepodcrashlooping instancedown oomkilled createdat updatedat userid tenantid accountid requestid traceid correlationid errorrate http5xx http4xx httpcode fieldlist`
    .split(/\s+/)
    .filter((word) => word !== ""),
);
