/*
 * Runs one ONNX model on a phone and times it.
 *
 *   runner MODEL INPUTS OUTPUTS [NAME=NUMBER]... [profile=PATH]
 *
 * INPUTS and OUTPUTS are files of sets of tensors, one set after the other: "EFT1", u32 count, then for each tensor u32 length
 * of the name, the name, i32 element type (ONNX's codes), u32 rank, i64 dimensions, u64 length, bytes; all little-endian.
 * OUTPUTS is written to OUTPUTS.part and renamed, so that it is whole or absent.
 *
 *   warmup, runs   inferences of the first set that do not count, and that do
 *   threads        0 lets onnxruntime choose
 *   exact          1: integer kernels that do not saturate (x86 without VNNI)
 *   seconds        go on after the runs until so long after the first of them, telling of each second ("window")
 *   sets           run so many sets, each once, instead of timing the first again and again
 *   patience       ms after which the first inference is given up, where that is more than the usual (LEAST_PATIENCE_MS)
 *   profile        afterwards some more runs with onnxruntime's profiler, whose JSON is put there; PATH.onnx is the graph that
 *                  ran, with its weights beside it
 *
 * stdout is one JSON object a line: {"event":"alive"} every second, {"event":"loaded"...}, {"event":"run"...} at most ten
 * times a second, {"event":"window"...}, and last {"event":"done"...}, {"event":"error","message":...} or, where a single
 * inference does not end, {"event":"endless","ms":...}. Exit code 0 done, 1 error, 2 bad usage. It never outlives the
 * connection: it ends when stdout is closed (SIGPIPE at the next line, a second later at most).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <onnxruntime_c_api.h>

#define MAX_RANK 64
#define MAX_TENSORS 4096
#define WINDOW_MS 1000.0
/* Enough for medians. */
#define PROFILED_RUNS 20
/* An inference is given up when it takes so long, and so many times as long as the first. */
#define LEAST_PATIENCE_MS 8000.0
#define PATIENCE_FACTOR 20

static const OrtApi *ort;
static pthread_mutex_t output_lock = PTHREAD_MUTEX_INITIALIZER;

static void print_line(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  pthread_mutex_lock(&output_lock);
  vprintf(format, arguments);
  putchar('\n');
  fflush(stdout);
  pthread_mutex_unlock(&output_lock);
  va_end(arguments);
}

static void print_json_string(const char *text) {
  putchar('"');
  for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
    if (*at == '"' || *at == '\\') printf("\\%c", *at);
    else if (*at < 0x20) printf("\\u%04x", *at);
    else putchar(*at);
  }
  putchar('"');
}

static _Noreturn void fail(const char *format, ...) {
  char message[8192];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  /* Never unlocked: nothing may be printed after this line. */
  pthread_mutex_lock(&output_lock);
  printf("{\"event\":\"error\",\"message\":");
  print_json_string(message);
  printf("}\n");
  fflush(stdout);
  _exit(1);
}

static void check(OrtStatus *status) {
  if (status) fail("%s", ort->GetErrorMessage(status));
}

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* A line of /proc/self/status in bytes, for example "VmHWM:"; 0 where there is none. */
static uint64_t memory_bytes(const char *field) {
  FILE *file = fopen("/proc/self/status", "r");
  if (!file) return 0;
  char line[256];
  uint64_t kilobytes = 0;
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, field, strlen(field)) == 0) sscanf(line + strlen(field), "%" SCNu64, &kilobytes);
  }
  fclose(file);
  return kilobytes * 1024;
}

/* Of the inference that is under way, on the clock of now_ms; 0 while there is none. */
static _Atomic double inference_start = 0;
static _Atomic double patience_ms = LEAST_PATIENCE_MS;

static void be_patient(double ms) {
  patience_ms = ms > LEAST_PATIENCE_MS ? ms : LEAST_PATIENCE_MS;
}

/* A thread of its own: whatever an inference does, this goes on. */
static void *keep_watch(void *unused) {
  (void)unused;
  for (;;) {
    sleep(1);
    double start = inference_start, taken = now_ms() - start;
    if (start > 0 && taken > patience_ms) {
      print_line("{\"event\":\"endless\",\"ms\":%.0f}", taken);
      _exit(1);
    }
    print_line("{\"event\":\"alive\"}");
  }
  return NULL;
}

static void *allocate(size_t bytes) {
  void *memory = NULL;
  if (posix_memalign(&memory, 64, bytes ? bytes : 1) != 0) fail("There is not enough memory for %zu bytes.", bytes);
  return memory;
}

static void read_exactly(FILE *file, void *target, size_t bytes) {
  if (fread(target, 1, bytes, file) != bytes) fail("The file of inputs is cut short.");
}

struct tensors {
  uint32_t count;
  char **names;
  OrtValue **values;
  void **data;
};

static FILE *open_inputs(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail("The inputs cannot be opened: %s", strerror(errno));
  return file;
}

/* The next set of the file. */
static struct tensors read_tensors(FILE *file, const OrtMemoryInfo *memory) {
  char magic[4];
  read_exactly(file, magic, 4);
  if (memcmp(magic, "EFT1", 4) != 0) fail("The file of inputs has another format.");
  struct tensors tensors;
  read_exactly(file, &tensors.count, 4);
  if (tensors.count > MAX_TENSORS) fail("The file of inputs names too many tensors.");
  tensors.names = allocate(tensors.count * sizeof *tensors.names);
  tensors.values = allocate(tensors.count * sizeof *tensors.values);
  tensors.data = allocate(tensors.count * sizeof *tensors.data);
  for (uint32_t at = 0; at < tensors.count; at++) {
    uint32_t name_length, rank;
    int32_t type;
    int64_t dims[MAX_RANK];
    uint64_t length;
    read_exactly(file, &name_length, 4);
    if (name_length > 1 << 20) fail("The file of inputs has a name that is too long.");
    tensors.names[at] = allocate((size_t)name_length + 1);
    read_exactly(file, tensors.names[at], name_length);
    tensors.names[at][name_length] = '\0';
    read_exactly(file, &type, 4);
    read_exactly(file, &rank, 4);
    if (rank > MAX_RANK) fail("Input '%s' has too many dimensions.", tensors.names[at]);
    read_exactly(file, dims, rank * sizeof *dims);
    read_exactly(file, &length, 8);
    void *data = allocate(length);
    read_exactly(file, data, length);
    tensors.data[at] = data;
    tensors.values[at] = NULL;
    check(ort->CreateTensorWithDataAsOrtValue(memory, data, length, dims, rank, (ONNXTensorElementDataType)type, &tensors.values[at]));
  }
  return tensors;
}

static void free_tensors(struct tensors *tensors) {
  for (uint32_t at = 0; at < tensors->count; at++) {
    ort->ReleaseValue(tensors->values[at]);
    free(tensors->names[at]);
    free(tensors->data[at]);
  }
  free(tensors->names);
  free(tensors->values);
  free(tensors->data);
}

static size_t element_bits(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT4:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT4:
      return 4;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
      return 8;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16:
      return 16;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32:
      return 32;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64:
      return 64;
    default:
      return 0;
  }
}

/* Only tensors of numbers are brought home: 0 for anything else. */
static size_t fetchable_bits(const OrtValue *value) {
  enum ONNXType kind;
  check(ort->GetValueType(value, &kind));
  if (kind != ONNX_TYPE_TENSOR) return 0;
  OrtTensorTypeAndShapeInfo *info = NULL;
  ONNXTensorElementDataType type;
  check(ort->GetTensorTypeAndShape(value, &info));
  check(ort->GetTensorElementType(info, &type));
  ort->ReleaseTensorTypeAndShapeInfo(info);
  return element_bits(type);
}

static void write_exactly(FILE *file, const void *source, size_t bytes) {
  if (fwrite(source, 1, bytes, file) != bytes) fail("The outputs cannot be written: %s", strerror(errno));
}

static void write_tensor(FILE *file, const char *name, OrtValue *value, size_t bits) {
  OrtTensorTypeAndShapeInfo *info = NULL;
  ONNXTensorElementDataType type;
  size_t rank, elements;
  int64_t dims[MAX_RANK];
  void *data = NULL;
  check(ort->GetTensorTypeAndShape(value, &info));
  check(ort->GetTensorElementType(info, &type));
  check(ort->GetDimensionsCount(info, &rank));
  if (rank > MAX_RANK) fail("Output '%s' has too many dimensions.", name);
  check(ort->GetDimensions(info, dims, rank));
  check(ort->GetTensorShapeElementCount(info, &elements));
  ort->ReleaseTensorTypeAndShapeInfo(info);
  check(ort->GetTensorMutableData(value, &data));
  uint32_t name_length = (uint32_t)strlen(name), rank32 = (uint32_t)rank;
  int32_t type32 = (int32_t)type;
  uint64_t length = ((uint64_t)elements * bits + 7) / 8;
  write_exactly(file, &name_length, 4);
  write_exactly(file, name, name_length);
  write_exactly(file, &type32, 4);
  write_exactly(file, &rank32, 4);
  write_exactly(file, dims, rank * sizeof *dims);
  write_exactly(file, &length, 8);
  if (length > 0) write_exactly(file, data, length);
}

static FILE *open_outputs(const char *path, char **part) {
  size_t part_length = strlen(path) + 6;
  *part = allocate(part_length);
  snprintf(*part, part_length, "%s.part", path);
  FILE *file = fopen(*part, "wb");
  if (!file) fail("The outputs cannot be written: %s", strerror(errno));
  return file;
}

static void write_outputs(FILE *file, char **names, OrtValue **values, size_t count) {
  uint32_t fetchable = 0;
  for (size_t at = 0; at < count; at++) fetchable += fetchable_bits(values[at]) > 0;
  write_exactly(file, "EFT1", 4);
  write_exactly(file, &fetchable, 4);
  for (size_t at = 0; at < count; at++) {
    size_t bits = fetchable_bits(values[at]);
    if (bits > 0) write_tensor(file, names[at], values[at], bits);
  }
}

static void close_outputs(FILE *file, const char *part, const char *path) {
  if (fclose(file) != 0 || rename(part, path) != 0) fail("The outputs cannot be written: %s", strerror(errno));
}

static _Noreturn void bad_usage(const char *word) {
  fprintf(stderr, "runner: '%s' is not understood\nusage: runner MODEL INPUTS OUTPUTS [NAME=NUMBER]... [profile=PATH]\n", word);
  exit(2);
}

struct settings {
  long warmup, runs, threads, exact, seconds, sets, patience;
  const char *profile;
};

static struct settings read_settings(int argc, char **argv) {
  struct settings settings = {.warmup = 0, .runs = 1, .threads = 0, .exact = 0, .seconds = 0, .sets = 0, .patience = 0, .profile = NULL};
  const struct { const char *name; long *value; } numbers[] = {
    {"warmup=", &settings.warmup}, {"runs=", &settings.runs}, {"threads=", &settings.threads},
    {"exact=", &settings.exact}, {"seconds=", &settings.seconds}, {"sets=", &settings.sets},
    {"patience=", &settings.patience},
  };
  for (int at = 4; at < argc; at++) {
    if (strncmp(argv[at], "profile=", 8) == 0) {
      settings.profile = argv[at] + 8;
      continue;
    }
    size_t known = 0, count = sizeof numbers / sizeof *numbers;
    while (known < count && strncmp(argv[at], numbers[known].name, strlen(numbers[known].name)) != 0) known++;
    if (known == count) bad_usage(argv[at]);
    const char *text = argv[at] + strlen(numbers[known].name);
    char *end;
    *numbers[known].value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || *numbers[known].value < 0) bad_usage(argv[at]);
  }
  return settings;
}

static void release_outputs(OrtValue **values, size_t count) {
  for (size_t at = 0; at < count; at++) {
    if (values[at]) ort->ReleaseValue(values[at]);
    values[at] = NULL;
  }
}

static const OrtApi *load_onnxruntime(void) {
  /* Its telemetry reads the environment while it loads. */
  setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  void *library = dlopen("libonnxruntime.so.1", RTLD_NOW);
  if (!library) fail("onnxruntime cannot be loaded: %s", dlerror());
  const OrtApiBase *(*get_base)(void) = NULL;
  *(void **)&get_base = dlsym(library, "OrtGetApiBase");
  if (!get_base) fail("onnxruntime has no OrtGetApiBase.");
  const OrtApi *api = get_base()->GetApi(ORT_API_VERSION);
  if (!api) fail("onnxruntime is older than its header here.");
  return api;
}

struct model {
  OrtSession *session;
  char **output_names;
  OrtValue **outputs;
  size_t output_count;
};

/* Keys of onnxruntime_session_options_config_keys.h. Weights beside the graph, which is read for its structure. */
static void keep_profile(OrtSessionOptions *options, const char *path) {
  size_t length = strlen(path) + 16;
  char *graph = allocate(length), *weights = allocate(length);
  const char *name = strrchr(path, '/');
  snprintf(graph, length, "%s.onnx", path);
  snprintf(weights, length, "%s.weights", name ? name + 1 : path);
  check(ort->EnableProfiling(options, path));
  check(ort->SetOptimizedModelFilePath(options, graph));
  check(ort->AddSessionConfigEntry(options, "session.optimized_model_external_initializers_file_name", weights));
  free(graph);
  free(weights);
}

static struct model load_model(const OrtEnv *env, const char *path, const struct settings *settings, const char *profile_path) {
  OrtSessionOptions *options = NULL;
  OrtAllocator *allocator = NULL;
  struct model model = {0};
  check(ort->CreateSessionOptions(&options));
  check(ort->SetIntraOpNumThreads(options, (int)settings->threads));
  check(ort->SetInterOpNumThreads(options, 1));
  if (settings->exact) check(ort->AddSessionConfigEntry(options, "session.x64quantprecision", "1"));
  if (profile_path) keep_profile(options, profile_path);
  check(ort->CreateSession(env, path, options, &model.session));
  check(ort->GetAllocatorWithDefaultOptions(&allocator));
  check(ort->SessionGetOutputCount(model.session, &model.output_count));
  model.output_names = allocate(model.output_count * sizeof *model.output_names);
  model.outputs = allocate(model.output_count * sizeof *model.outputs);
  for (size_t at = 0; at < model.output_count; at++) {
    check(ort->SessionGetOutputName(model.session, at, allocator, &model.output_names[at]));
    model.outputs[at] = NULL;
  }
  ort->ReleaseSessionOptions(options);
  return model;
}

/* One inference, in ms. Its outputs stay until the next. */
static double infer(struct model *model, const struct tensors *inputs) {
  release_outputs(model->outputs, model->output_count);
  double start = now_ms();
  inference_start = start;
  check(ort->Run(model->session, NULL, (const char *const *)inputs->names, (const OrtValue *const *)inputs->values, inputs->count,
                 (const char *const *)model->output_names, model->output_count, model->outputs));
  inference_start = 0;
  return now_ms() - start;
}

static void tell_run(long done) {
  static double told = 0;
  double now = now_ms();
  if (now - told < 100) return;
  told = now;
  print_line("{\"event\":\"run\",\"done\":%ld}", done);
}

static int by_size(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return difference < 0 ? -1 : difference > 0;
}

/* Runs until `until`, a time of now_ms, and tells of each second: when it ended after `start`, its runs and their median. */
static void go_on(struct model *model, const struct tensors *inputs, double start, double until) {
  size_t capacity = 1024, count = 0;
  double *samples = allocate(capacity * sizeof *samples);
  double window_start = now_ms();
  while (now_ms() < until) {
    if (count == capacity) {
      double *larger = allocate(2 * capacity * sizeof *larger);
      memcpy(larger, samples, capacity * sizeof *samples);
      free(samples);
      samples = larger;
      capacity *= 2;
    }
    samples[count++] = infer(model, inputs);
    double now = now_ms();
    if (now - window_start < WINDOW_MS && now < until) continue;
    qsort(samples, count, sizeof *samples, by_size);
    print_line("{\"event\":\"window\",\"atMs\":%.3f,\"runs\":%zu,\"p50Ms\":%.6f}", now - start, count, samples[count / 2]);
    window_start = now;
    count = 0;
  }
  free(samples);
}

static void profile(const OrtEnv *env, const char *path, const struct settings *settings, const struct tensors *inputs) {
  struct model model = load_model(env, path, settings, settings->profile);
  for (long run = 0; run < PROFILED_RUNS; run++) infer(&model, inputs);
  OrtAllocator *allocator = NULL;
  char *written = NULL;
  check(ort->GetAllocatorWithDefaultOptions(&allocator));
  check(ort->SessionEndProfiling(model.session, allocator, &written));
  if (rename(written, settings->profile) != 0) fail("The profile cannot be written: %s", strerror(errno));
}

int main(int argc, char **argv) {
  if (argc < 4) bad_usage("");
  const char *model_path = argv[1], *inputs_path = argv[2], *outputs_path = argv[3];
  const struct settings settings = read_settings(argc, argv);
  be_patient((double)settings.patience);
  signal(SIGPIPE, SIG_DFL);
  pthread_t alive;
  pthread_create(&alive, NULL, keep_watch, NULL);

  ort = load_onnxruntime();
  OrtEnv *env = NULL;
  OrtMemoryInfo *memory = NULL;
  check(ort->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "edgefit", &env));
  check(ort->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));

  uint64_t baseline = memory_bytes("VmRSS:");
  double load_start = now_ms();
  struct model model = load_model(env, model_path, &settings, NULL);
  double load_ms = now_ms() - load_start;
  print_line("{\"event\":\"loaded\",\"loadMs\":%.6f}", load_ms);

  FILE *inputs_file = open_inputs(inputs_path);
  char *part;
  FILE *outputs_file = open_outputs(outputs_path, &part);
  long count = settings.sets > 0 ? settings.sets : settings.runs;
  double *samples = allocate((size_t)count * sizeof *samples);
  double first_ms = 0;
  uint64_t peak = 0;
  if (settings.sets > 0) {
    for (long set = 0; set < settings.sets; set++) {
      struct tensors inputs = read_tensors(inputs_file, memory);
      samples[set] = infer(&model, &inputs);
      if (set == 0) be_patient(PATIENCE_FACTOR * (first_ms = samples[set]));
      write_outputs(outputs_file, model.output_names, model.outputs, model.output_count);
      release_outputs(model.outputs, model.output_count);
      free_tensors(&inputs);
      tell_run(set + 1);
    }
    peak = memory_bytes("VmHWM:");
  } else {
    struct tensors inputs = read_tensors(inputs_file, memory);
    /* The first inference is one of the warm-up, where there is any, and is timed by itself in any case. */
    first_ms = infer(&model, &inputs);
    be_patient(PATIENCE_FACTOR * first_ms);
    for (long run = 1; run < settings.warmup; run++) {
      infer(&model, &inputs);
      tell_run(0);
    }
    double start = now_ms();
    for (long run = 0; run < settings.runs; run++) {
      samples[run] = infer(&model, &inputs);
      tell_run(run + 1);
    }
    go_on(&model, &inputs, start, start + (double)settings.seconds * 1e3);
    write_outputs(outputs_file, model.output_names, model.outputs, model.output_count);
    /* Before the profiler's session, which is not the model's. */
    peak = memory_bytes("VmHWM:");
    if (settings.profile) profile(env, model_path, &settings, &inputs);
  }
  close_outputs(outputs_file, part, outputs_path);

  /* Never unlocked: this is the last line. */
  pthread_mutex_lock(&output_lock);
  printf("{\"event\":\"done\",\"loadMs\":%.6f,\"firstRunMs\":%.6f,\"peakMemoryBytes\":%" PRIu64 ",\"baselineMemoryBytes\":%" PRIu64 ",\"samplesMs\":[",
         load_ms, first_ms, peak, baseline);
  for (long at = 0; at < count; at++) printf("%s%.6f", at > 0 ? "," : "", samples[at]);
  printf("]}\n");
  fflush(stdout);
  /* Nothing is left to free that the end of the process does not. */
  _exit(0);
}
