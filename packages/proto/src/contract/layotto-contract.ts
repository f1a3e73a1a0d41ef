// A second record of Layotto's wire contract, in a compact notation: a slip in the .proto files, or a change of them
// alone, shows as a difference in layotto-contract.test.ts.
//
// `name:type=number`; `[]` repeated; `?` proto3 optional; a nested enum follows its message. A type without a package
// is one of the same file's package, or nested in the message itself.
export const layottoContract = `
### runtime/v1/runtime.proto
package spec.proto.runtime.v1
service spec.proto.runtime.v1.Runtime:
  SayHello(SayHelloRequest) -> SayHelloResponse
  InvokeService(InvokeServiceRequest) -> InvokeResponse
  GetConfiguration(GetConfigurationRequest) -> GetConfigurationResponse
  SaveConfiguration(SaveConfigurationRequest) -> google.protobuf.Empty
  DeleteConfiguration(DeleteConfigurationRequest) -> google.protobuf.Empty
  SubscribeConfiguration(stream SubscribeConfigurationRequest) -> stream SubscribeConfigurationResponse
  TryLock(TryLockRequest) -> TryLockResponse
  Unlock(UnlockRequest) -> UnlockResponse
  LockKeepAlive(LockKeepAliveRequest) -> LockKeepAliveResponse
  GetNextId(GetNextIdRequest) -> GetNextIdResponse
  GetState(GetStateRequest) -> GetStateResponse
  GetBulkState(GetBulkStateRequest) -> GetBulkStateResponse
  SaveState(SaveStateRequest) -> google.protobuf.Empty
  DeleteState(DeleteStateRequest) -> google.protobuf.Empty
  DeleteBulkState(DeleteBulkStateRequest) -> google.protobuf.Empty
  ExecuteStateTransaction(ExecuteStateTransactionRequest) -> google.protobuf.Empty
  PublishEvent(PublishEventRequest) -> google.protobuf.Empty
  SubscribeTopicEvents(stream SubscribeTopicEventsRequest) -> stream SubscribeTopicEventsResponse
  GetFile(GetFileRequest) -> stream GetFileResponse
  PutFile(stream PutFileRequest) -> google.protobuf.Empty
  ListFile(ListFileRequest) -> ListFileResp
  DelFile(DelFileRequest) -> google.protobuf.Empty
  GetFileMeta(GetFileMetaRequest) -> GetFileMetaResponse
  InvokeBinding(InvokeBindingRequest) -> InvokeBindingResponse
  GetSecret(GetSecretRequest) -> GetSecretResponse
  GetBulkSecret(GetBulkSecretRequest) -> GetBulkSecretResponse
message GetFileMetaRequest: request:FileRequest=1
message GetFileMetaResponse: size:int64=1; last_modified:string=2; response:FileMeta=3
message FileMetaValue: value:string[]=1
message FileMeta: metadata:map<string,FileMetaValue>=1
message GetFileRequest: store_name:string=1; name:string=2; metadata:map<string,string>=3
message GetFileResponse: data:bytes=1
message PutFileRequest: store_name:string=1; name:string=2; data:bytes=3; metadata:map<string,string>=4
message FileRequest: store_name:string=1; name:string=2; metadata:map<string,string>=3
message ListFileRequest: request:FileRequest=1; page_size:int32=2; marker:string=3
message FileInfo: file_name:string=1; size:int64=2; last_modified:string=3; metadata:map<string,string>=4
message ListFileResp: files:FileInfo[]=1; marker:string=2; is_truncated:bool=3
message DelFileRequest: request:FileRequest=1
message GetNextIdRequest: store_name:string=1; key:string=2; options:SequencerOptions=3; metadata:map<string,string>=4
message SequencerOptions: increment:AutoIncrement=1
enum SequencerOptions.AutoIncrement: WEAK=0; STRONG=1
message GetNextIdResponse: next_id:int64=1 [jstype=JS_STRING]
message TryLockRequest: store_name:string=1; resource_id:string=2; lock_owner:string=3; expire:int32=4
message TryLockResponse: success:bool=1
message UnlockRequest: store_name:string=1; resource_id:string=2; lock_owner:string=3
message UnlockResponse: status:Status=1
enum UnlockResponse.Status: SUCCESS=0; LOCK_UNEXIST=1; LOCK_BELONG_TO_OTHERS=2; INTERNAL_ERROR=3
message LockKeepAliveRequest: store_name:string=1; resource_id:string=2; lock_owner:string=3; expire:int32=4
message LockKeepAliveResponse: status:Status=1
enum LockKeepAliveResponse.Status: SUCCESS=0; LOCK_UNEXIST=1; LOCK_BELONG_TO_OTHERS=2; INTERNAL_ERROR=3
message SayHelloRequest: service_name:string=1; name:string=2; data:google.protobuf.Any=3
message SayHelloResponse: hello:string=1; data:google.protobuf.Any=2
message InvokeServiceRequest: id:string=1; message:CommonInvokeRequest=3
message CommonInvokeRequest: method:string=1; data:google.protobuf.Any=2; content_type:string=3; http_extension:HTTPExtension=4
message HTTPExtension: verb:Verb=1; querystring:string=2
enum HTTPExtension.Verb: NONE=0; GET=1; HEAD=2; POST=3; PUT=4; DELETE=5; CONNECT=6; OPTIONS=7; TRACE=8; PATCH=9
message InvokeResponse: data:google.protobuf.Any=1; content_type:string=2
message ConfigurationItem: key:string=1; content:string=2; group:string=3; label:string=4; tags:map<string,string>=5; metadata:map<string,string>=6
message GetConfigurationRequest: store_name:string=1; app_id:string=2; group:string=3; label:string=4; keys:string[]=5; metadata:map<string,string>=6; subscribe_update:bool=7
message GetConfigurationResponse: items:ConfigurationItem[]=1
message SubscribeConfigurationRequest: store_name:string=1; app_id:string=2; group:string=3; label:string=4; keys:string[]=5; metadata:map<string,string>=6
message SubscribeConfigurationResponse: store_name:string=1; app_id:string=2; items:ConfigurationItem[]=3
message SaveConfigurationRequest: store_name:string=1; app_id:string=2; items:ConfigurationItem[]=3; metadata:map<string,string>=4
message DeleteConfigurationRequest: store_name:string=1; app_id:string=2; group:string=3; label:string=4; keys:string[]=5; metadata:map<string,string>=6
message GetStateRequest: store_name:string=1; key:string=2; consistency:StateOptions.StateConsistency=3; metadata:map<string,string>=4
message GetBulkStateRequest: store_name:string=1; keys:string[]=2; parallelism:int32=3; metadata:map<string,string>=4
message GetBulkStateResponse: items:BulkStateItem[]=1
message BulkStateItem: key:string=1; data:bytes=2; etag:string=3; error:string=4; metadata:map<string,string>=5
message GetStateResponse: data:bytes=1; etag:string=2; metadata:map<string,string>=3
message DeleteStateRequest: store_name:string=1; key:string=2; etag:Etag=3; options:StateOptions=4; metadata:map<string,string>=5
message DeleteBulkStateRequest: store_name:string=1; states:StateItem[]=2
message SaveStateRequest: store_name:string=1; states:StateItem[]=2
message StateItem: key:string=1; value:bytes=2; etag:Etag=3; metadata:map<string,string>=4; options:StateOptions=5
message Etag: value:string=1
message StateOptions: concurrency:StateConcurrency=1; consistency:StateConsistency=2
enum StateOptions.StateConcurrency: CONCURRENCY_UNSPECIFIED=0; CONCURRENCY_FIRST_WRITE=1; CONCURRENCY_LAST_WRITE=2
enum StateOptions.StateConsistency: CONSISTENCY_UNSPECIFIED=0; CONSISTENCY_EVENTUAL=1; CONSISTENCY_STRONG=2
message TransactionalStateOperation: operationType:string=1; request:StateItem=2
message ExecuteStateTransactionRequest: storeName:string=1; operations:TransactionalStateOperation[]=2; metadata:map<string,string>=3
message PublishEventRequest: pubsub_name:string=1; topic:string=2; data:bytes=3; data_content_type:string=4; metadata:map<string,string>=5
message SubscribeTopicEventsRequest: oneof subscribe_topic_events_request_type{initial_request:SubscribeTopicEventsRequestInitial=1, event_processed:SubscribeTopicEventsRequestProcessed=2}
message SubscribeTopicEventsRequestInitial: pubsub_name:string=1; topic:string=2; metadata:map<string,string>=3; dead_letter_topic:string?=4
message SubscribeTopicEventsRequestProcessed: id:string=1; status:TopicEventResponse=2
message SubscribeTopicEventsResponse: oneof subscribe_topic_events_response_type{initial_response:SubscribeTopicEventsResponseInitial=1, event_message:TopicEventRequest=2}
message SubscribeTopicEventsResponseInitial: (empty)
message InvokeBindingRequest: name:string=1; data:bytes=2; metadata:map<string,string>=3; operation:string=4
message InvokeBindingResponse: data:bytes=1; metadata:map<string,string>=2
message GetSecretRequest: store_name:string=1; key:string=2; metadata:map<string,string>=3
message GetSecretResponse: data:map<string,string>=1
message GetBulkSecretRequest: store_name:string=1; metadata:map<string,string>=2
message GetBulkSecretResponse: data:map<string,SecretResponse>=1
message SecretResponse: secrets:map<string,string>=1

### runtime/v1/appcallback.proto
package spec.proto.runtime.v1
service spec.proto.runtime.v1.AppCallback:
  ListTopicSubscriptions(google.protobuf.Empty) -> ListTopicSubscriptionsResponse
  OnTopicEvent(TopicEventRequest) -> TopicEventResponse
message TopicEventRequest: id:string=1; source:string=2; type:string=3; spec_version:string=4; data_content_type:string=5; data:bytes=7; topic:string=6; pubsub_name:string=8; metadata:map<string,string>=10
message TopicEventResponse: status:TopicEventResponseStatus=1
enum TopicEventResponse.TopicEventResponseStatus: SUCCESS=0; RETRY=1; DROP=2
message ListTopicSubscriptionsResponse: subscriptions:TopicSubscription[]=1
message TopicSubscription: pubsub_name:string=1; topic:string=2; metadata:map<string,string>=3

### runtime/v1/lifecycle.proto
package spec.proto.runtime.v1
service spec.proto.runtime.v1.Lifecycle:
  ApplyConfiguration(DynamicConfiguration) -> ApplyConfigurationResponse
message DynamicConfiguration: component_config:ComponentConfig=1
message ApplyConfigurationResponse: (empty)
message ComponentConfig: kind:string=1; name:string=2; metadata:map<string,string>=3

### pluggable/v1/common/common.proto
package spec.proto.pluggable.v1.common
message Config: secret_ref:SecretRefConfig[]=1; component_ref:ComponentRefConfig=2
message SecretRefConfig: store_name:string=1; key:string=2; sub_key:string=3; inject_as:string=4
message ComponentRefConfig: secret_store:string=1; config_store:string=2

### pluggable/v1/hello/hello.proto
package spec.proto.pluggable.v1.hello
service spec.proto.pluggable.v1.hello.Hello:
  Init(HelloConfig) -> google.protobuf.Empty
  SayHello(HelloRequest) -> HelloResponse
message HelloConfig: config:common.Config=1; type:string=2; hello_string:string=3; metadata:map<string,string>=4
message HelloRequest: name:string=1
message HelloResponse: hello_string:string=1

### extension/v1/cryption/cryption.proto
package spec.proto.extension.v1.cryption
service spec.proto.extension.v1.cryption.CryptionService:
  Encrypt(EncryptRequest) -> EncryptResponse
  Decrypt(DecryptRequest) -> DecryptResponse
message EncryptRequest: component_name:string=1; plain_text:bytes=2; key_id:string=3
message EncryptResponse: cipher_text:bytes=1; key_id:string=2; key_version_id:string=3; request_id:string=4
message DecryptRequest: component_name:string=1; cipher_text:bytes=2
message DecryptResponse: plain_text:bytes=1; key_id:string=2; key_version_id:string=3; request_id:string=4

### extension/v1/delay_queue/delay_queue.proto
package spec.proto.extension.v1.delay_queue
service spec.proto.extension.v1.delay_queue.DelayQueue:
  PublishDelayMessage(DelayMessageRequest) -> DelayMessageResponse
message DelayMessageRequest: component_name:string=1; topic:string=2; data:bytes=3; data_content_type:string=4; delay_in_seconds:int32=5; metadata:map<string,string>=6
message DelayMessageResponse: message_id:string=1

### extension/v1/email/email.proto
package spec.proto.extension.v1.email
service spec.proto.extension.v1.email.EmailService:
  SendEmailWithTemplate(SendEmailWithTemplateRequest) -> SendEmailWithTemplateResponse
  SendEmail(SendEmailRequest) -> SendEmailResponse
message SendEmailWithTemplateRequest: component_name:string=1; template:EmailTemplate=2; subject:string=3; address:EmailAddress=4
message EmailAddress: from:string=1; to:string[]=2; cc:string[]=3
message EmailTemplate: template_id:string=1; template_params:map<string,string>=2
message SendEmailWithTemplateResponse: request_id:string=1
message SendEmailRequest: component_name:string=1; setting_id:string=2; subject:string=3; content:Content=4; address:EmailAddress=5
message Content: text:string=1
message SendEmailResponse: request_id:string=1

### extension/v1/phone/phone.proto
package spec.proto.extension.v1.phone
service spec.proto.extension.v1.phone.PhoneCallService:
  SendVoiceWithTemplate(SendVoiceWithTemplateRequest) -> SendVoiceWithTemplateResponse
message SendVoiceWithTemplateRequest: component_name:string=1; template:VoiceTemplate=2; to_mobile:string[]=3; from_mobile:string=4
message VoiceTemplate: template_id:string=1; template_params:map<string,string>=2
message SendVoiceWithTemplateResponse: request_id:string=1

### extension/v1/s3/oss.proto
package spec.proto.extension.v1.s3
service spec.proto.extension.v1.s3.ObjectStorageService:
  PutObject(stream PutObjectInput) -> PutObjectOutput
  GetObject(GetObjectInput) -> stream GetObjectOutput
  DeleteObject(DeleteObjectInput) -> DeleteObjectOutput
  CopyObject(CopyObjectInput) -> CopyObjectOutput
  DeleteObjects(DeleteObjectsInput) -> DeleteObjectsOutput
  ListObjects(ListObjectsInput) -> ListObjectsOutput
  HeadObject(HeadObjectInput) -> HeadObjectOutput
  IsObjectExist(IsObjectExistInput) -> IsObjectExistOutput
  PutObjectTagging(PutObjectTaggingInput) -> PutObjectTaggingOutput
  DeleteObjectTagging(DeleteObjectTaggingInput) -> DeleteObjectTaggingOutput
  GetObjectTagging(GetObjectTaggingInput) -> GetObjectTaggingOutput
  GetObjectCannedAcl(GetObjectCannedAclInput) -> GetObjectCannedAclOutput
  PutObjectCannedAcl(PutObjectCannedAclInput) -> PutObjectCannedAclOutput
  CreateMultipartUpload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput
  UploadPart(stream UploadPartInput) -> UploadPartOutput
  UploadPartCopy(UploadPartCopyInput) -> UploadPartCopyOutput
  CompleteMultipartUpload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput
  AbortMultipartUpload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput
  ListMultipartUploads(ListMultipartUploadsInput) -> ListMultipartUploadsOutput
  ListParts(ListPartsInput) -> ListPartsOutput
  ListObjectVersions(ListObjectVersionsInput) -> ListObjectVersionsOutput
  SignURL(SignURLInput) -> SignURLOutput
  UpdateDownloadBandwidthRateLimit(UpdateBandwidthRateLimitInput) -> google.protobuf.Empty
  UpdateUploadBandwidthRateLimit(UpdateBandwidthRateLimitInput) -> google.protobuf.Empty
  AppendObject(stream AppendObjectInput) -> AppendObjectOutput
  RestoreObject(RestoreObjectInput) -> RestoreObjectOutput
message GetObjectInput: store_name:string=1; bucket:string=2; key:string=3; expected_bucket_owner:string=4; if_match:string=5; if_modified_since:int64=6; if_none_match:string=7; if_unmodified_since:int64=8; part_number:int64=9; start:int64=10; end:int64=11; request_payer:string=12; response_cache_control:string=13; response_content_disposition:string=14; response_content_encoding:string=15; response_content_language:string=16; response_content_type:string=17; response_expires:string=18; sse_customer_algorithm:string=19; sse_customer_key:string=20; sse_customer_key_md5:string=21; version_id:string=22; accept_encoding:string=23; signed_url:string=24
message GetObjectOutput: body:bytes=1; cache_control:string=2; content_disposition:string=3; content_encoding:string=4; content_language:string=5; content_length:int64=6; content_range:string=7; content_type:string=8; delete_marker:bool=9; etag:string=10; expiration:string=11; expires:string=12; last_modified:int64=13; version_id:string=14; tag_count:int64=15; storage_class:string=16; parts_count:int64=17; metadata:map<string,string>=18
message PutObjectInput: store_name:string=1; body:bytes=2; bucket:string=3; key:string=4; acl:string=5; bucket_key_enabled:bool=6; cache_control:string=7; content_disposition:string=8; content_encoding:string=9; expires:int64=10; server_side_encryption:string=11; signed_url:string=12; meta:map<string,string>=13; tagging:map<string,string>=14; storage_class:string=15; content_length:int64=16
message PutObjectOutput: bucket_key_enabled:bool=1; etag:string=2; expiration:string=3; request_charged:string=4; version_id:string=5; metadata:map<string,string>=6
message DeleteObjectInput: store_name:string=1; bucket:string=2; key:string=3; request_payer:string=4; version_id:string=5
message DeleteObjectOutput: delete_marker:bool=1; request_charged:string=2; version_id:string=3; metadata:map<string,string>=4
message PutObjectTaggingInput: store_name:string=1; bucket:string=2; key:string=3; tags:map<string,string>=4; version_id:string=5
message PutObjectTaggingOutput: version_id:string=1; result_metadata:map<string,string>=2
message DeleteObjectTaggingInput: store_name:string=1; bucket:string=2; key:string=3; version_id:string=4; expected_bucket_owner:string=5
message DeleteObjectTaggingOutput: version_id:string=1; result_metadata:map<string,string>=2
message GetObjectTaggingInput: store_name:string=1; bucket:string=2; key:string=3; version_id:string=4; expected_bucket_owner:string=5; request_payer:string=6
message GetObjectTaggingOutput: tags:map<string,string>=1; version_id:string=2; result_metadata:map<string,string>=3
message CopySource: copy_source_bucket:string=1; copy_source_key:string=2; copy_source_version_id:string=3
message CopyObjectInput: store_name:string=1; bucket:string=2; key:string=3; copy_source:CopySource=4; tagging:map<string,string>=5; expires:int64=6; metadata_directive:string=7; metadata:map<string,string>=8
message CopyObjectResult: etag:string=1; last_modified:int64=2
message CopyObjectOutput: copy_object_result:CopyObjectResult=1; version_id:string=2; expiration:string=3; metadata:map<string,string>=4
message Delete: objects:ObjectIdentifier[]=1; quiet:bool=2
message ObjectIdentifier: key:string=1; version_id:string=2
message DeleteObjectsInput: store_name:string=1; bucket:string=2; delete:Delete=3; request_payer:string=4
message DeletedObject: delete_marker:bool=1; delete_marker_version_id:string=2; key:string=3; version_id:string=4
message DeleteObjectsOutput: deleted:DeletedObject[]=1; metadata:map<string,string>=2
message ListObjectsInput: store_name:string=1; bucket:string=2; delimiter:string=3; encoding_type:string=4; expected_bucket_owner:string=5; marker:string=6; maxKeys:int32=7; prefix:string=8; request_payer:string=9; fetch_owner:bool=10
message ListObjectsOutput: common_prefixes:string[]=1; contents:Object[]=2; delimiter:string=3; encoding_type:string=4; is_truncated:bool=5; marker:string=6; max_keys:int32=7; name:string=8; next_marker:string=9; prefix:string=10; metadata:map<string,string>=11
message Owner: display_name:string=1; id:string=2
message Object: etag:string=1; key:string=2; last_modified:int64=3; owner:Owner=4; size:int64=5; storage_class:string=6; type:string=7
message GetObjectCannedAclInput: store_name:string=1; bucket:string=2; key:string=3; version_id:string=4
message GetObjectCannedAclOutput: canned_acl:string=1; owner:Owner=2; request_charged:string=3; metadata:map<string,string>=4
message PutObjectCannedAclInput: store_name:string=1; bucket:string=2; key:string=3; acl:string=4; version_id:string=5
message PutObjectCannedAclOutput: request_charged:string=1; metadata:map<string,string>=2
message GlacierJobParameters: tier:string=1
message OutputLocation: bucket_name:string=1; prefix:string=2
message CSVInput: allow_quoted_record_delimiter:bool=1; comments:string=2; field_delimiter:string=3; file_header_info:string=4; quote_character:string=5; quote_escape_character:string=6; record_delimiter:string=7
message InputSerialization: csv:CSVInput=1; compression_type:string=2; json:string=3
message CSVOutput: field_delimiter:string=1; quote_character:string=2; quote_escape_character:string=3; quote_fields:string=4; record_delimiter:string=5
message OutputSerialization: csv:CSVOutput=1; json:string=2
message SelectParameters: expression:string=1; expression_type:string=2; input_serialization:InputSerialization=3; output_serialization:OutputSerialization=4
message RestoreRequest: days:int32=1; description:string=2; glacier_job_parameters:GlacierJobParameters=3; output_location:OutputLocation=4; select_parameters:SelectParameters=5; tier:string=6; type:string=7
message RestoreObjectInput: store_name:string=1; bucket:string=2; key:string=3; restore_request:RestoreRequest=4; version_id:string=5
message RestoreObjectOutput: request_charged:string=1; restore_output_path:string=2; metadata:map<string,string>=3
message CreateMultipartUploadInput: store_name:string=1; bucket:string=2; key:string=3; acl:string=4; bucket_key_enabled:bool=5; cache_control:string=6; content_disposition:string=7; content_encoding:string=8; content_language:string=9; content_type:string=10; expected_bucket_owner:string=11; expires:int64=12; grant_full_control:string=13; grant_read:string=14; grant_read_acp:string=15; grant_write_acp:string=16; meta_data:map<string,string>=17; object_lock_legal_hold_status:string=18; object_lock_mode:string=19; object_lock_retain_until_date:int64=20; request_payer:string=21; sse_customer_algorithm:string=22; sse_customer_key:string=23; sse_customer_key_md5:string=24; sse_kms_encryption_context:string=25; sse_kms_key_id:string=26; server_side_encryption:string=27; storage_class:string=28; tagging:map<string,string>=29; website_redirect_location:string=30
message CreateMultipartUploadOutput: bucket:string=1; key:string=2; abort_date:int64=3; abort_rule_id:string=4; bucket_key_enabled:bool=5; request_charged:string=6; sse_customer_algorithm:string=7; sse_customer_key_md5:string=8; sse_kms_encryption_context:string=9; sse_kms_key_id:string=10; server_side_encryption:string=11; upload_id:string=12; metadata:map<string,string>=13
message UploadPartInput: store_name:string=1; bucket:string=2; key:string=3; body:bytes=4; content_length:int64=5; content_md5:string=6; expected_bucket_owner:string=7; part_number:int32=8; request_payer:string=9; sse_customer_algorithm:string=10; sse_customer_key:string=11; sse_customer_key_md5:string=12; upload_id:string=13
message UploadPartOutput: bucket_key_enabled:bool=1; etag:string=2; request_charged:string=3; sse_customer_algorithm:string=4; sse_customer_key_md5:string=5; sse_kms_key_id:string=6; server_side_encryption:string=7; metadata:map<string,string>=8
message UploadPartCopyInput: store_name:string=1; bucket:string=2; key:string=3; copy_source:CopySource=4; part_number:int32=5; upload_id:string=6; start_position:int64=7; part_size:int64=8
message CopyPartResult: etag:string=1; last_modified:int64=2
message UploadPartCopyOutput: bucket_key_enabled:bool=1; copy_part_result:CopyPartResult=2; copy_source_version_id:string=3; request_charged:string=4; sse_customer_algorithm:string=5; sse_customer_key_md5:string=6; sse_kms_key_id:string=7; server_side_encryption:string=8; metadata:map<string,string>=9
message CompletedPart: etag:string=1; part_number:int32=2
message CompletedMultipartUpload: parts:CompletedPart[]=1
message CompleteMultipartUploadInput: store_name:string=1; bucket:string=2; key:string=3; upload_id:string=4; request_payer:string=5; expected_bucket_owner:string=6; multipart_upload:CompletedMultipartUpload=7
message CompleteMultipartUploadOutput: bucket:string=1; key:string=2; bucket_key_enabled:bool=3; etag:string=4; expiration:string=5; location:string=6; request_charged:string=7; sse_kms_keyId:string=8; server_side_encryption:string=9; version_id:string=10; metadata:map<string,string>=11
message AbortMultipartUploadInput: store_name:string=1; bucket:string=2; key:string=3; expected_bucket_owner:string=4; request_payer:string=5; upload_id:string=6
message AbortMultipartUploadOutput: request_charged:string=1; metadata:map<string,string>=2
message ListMultipartUploadsInput: store_name:string=1; bucket:string=2; delimiter:string=3; encoding_type:string=4; expected_bucket_owner:string=5; key_marker:string=6; max_uploads:int64=7; prefix:string=8; upload_id_marker:string=9
message Initiator: display_name:string=1; id:string=2
message MultipartUpload: initiated:int64=1; initiator:Initiator=2; key:string=3; owner:Owner=4; storage_class:string=5; upload_id:string=6
message ListMultipartUploadsOutput: bucket:string=1; common_prefixes:string[]=2; delimiter:string=3; encoding_type:string=4; is_truncated:bool=5; key_marker:string=6; max_uploads:int32=7; next_key_marker:string=8; next_upload_id_marker:string=9; prefix:string=10; upload_id_marker:string=11; uploads:MultipartUpload[]=12; metadata:map<string,string>=13
message ListObjectVersionsInput: store_name:string=1; bucket:string=2; delimiter:string=3; encoding_type:string=4; expected_bucket_owner:string=5; key_marker:string=6; max_keys:int64=7; prefix:string=8; version_id_marker:string=9
message DeleteMarkerEntry: is_latest:bool=1; key:string=2; last_modified:int64=3; owner:Owner=4; version_id:string=5
message ObjectVersion: etag:string=1; is_latest:bool=2; key:string=3; last_modified:int64=4; owner:Owner=5; size:int64=6; storage_class:string=7; version_id:string=8
message ListObjectVersionsOutput: common_prefixes:string[]=1; delete_markers:DeleteMarkerEntry[]=2; delimiter:string=3; encoding_type:string=4; is_truncated:bool=5; key_marker:string=6; max_keys:int64=7; name:string=8; next_key_marker:string=9; next_version_id_marker:string=10; prefix:string=11; version_id_marker:string=12; versions:ObjectVersion[]=13; metadata:map<string,string>=14
message HeadObjectInput: store_name:string=1; bucket:string=2; key:string=3; checksum_mode:string=4; expected_bucket_owner:string=5; if_match:string=6; if_modified_since:int64=7; if_none_match:string=8; if_unmodified_since:int64=9; part_number:int32=10; request_payer:string=11; sse_customer_algorithm:string=12; sse_customer_key:string=13; sse_customer_key_md5:string=14; version_id:string=15; with_details:bool=16
message HeadObjectOutput: result_metadata:map<string,string>=1
message IsObjectExistInput: store_name:string=1; bucket:string=2; key:string=3; version_id:string=4
message IsObjectExistOutput: file_exist:bool=1; metadata:map<string,string>=2
message SignURLInput: store_name:string=1; bucket:string=2; key:string=3; method:string=4; expired_in_sec:int64=5
message SignURLOutput: signed_url:string=1
message UpdateBandwidthRateLimitInput: store_name:string=1; average_rate_limit_in_bits_per_sec:int64=2; gateway_resource_name:string=3
message AppendObjectInput: store_name:string=1; bucket:string=2; key:string=3; body:bytes=4; position:int64=5; acl:string=6; cache_control:string=7; content_disposition:string=8; content_encoding:string=9; content_md5:string=10; expires:int64=11; storage_class:string=12; server_side_encryption:string=13; meta:string=14; tags:map<string,string>=15
message AppendObjectOutput: append_position:int64=1; metadata:map<string,string>=2
message ListPartsInput: store_name:string=1; bucket:string=2; key:string=3; expected_bucket_owner:string=4; max_parts:int64=5; part_number_marker:int64=6; request_payer:string=7; upload_id:string=8
message Part: etag:string=1; last_modified:int64=2; part_number:int64=3; size:int64=4
message ListPartsOutput: bucket:string=1; key:string=2; upload_id:string=3; next_part_number_marker:string=4; max_parts:int64=5; is_truncated:bool=6; parts:Part[]=7; metadata:map<string,string>=8

### extension/v1/sms/sms.proto
package spec.proto.extension.v1.sms
service spec.proto.extension.v1.sms.SmsService:
  SendSmsWithTemplate(SendSmsWithTemplateRequest) -> SendSmsWithTemplateResponse
message SendSmsWithTemplateRequest: component_name:string=1; phone_numbers:string[]=2; template:Template=3; sign_name:string=4; sender_id:string=5; metadata:map<string,string>=6
message Template: template_id:string=1; template_params:map<string,string>=2
message SendSmsWithTemplateResponse: request_id:string=1; results:SendStatus[]=2
message SendStatus: code:string=1; message:string=2; metadata:map<string,string>=3
`;
