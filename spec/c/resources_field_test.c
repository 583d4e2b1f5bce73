/* Field tables: every type of field from both sides; writing, reading back and comparing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../support/json_text.h"
#include "resources/field.h"

#define SUBSCRIPTION "/subscriptions/11111111-1111-1111-1111-111111111111"
#define GROUP SUBSCRIPTION "/resourceGroups/demo"
#define SUBNET GROUP "/providers/Microsoft.Network/virtualNetworks/hub/subnets/nodes"
#define OTHER_CASE                                                                                                     \
    "/SUBSCRIPTIONS/11111111-1111-1111-1111-111111111111/resourcegroups/DEMO/providers/microsoft.network/"             \
    "virtualNetworks/hub/subnets/Nodes"
#define IDENTITY GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/cp"
#define OBJECT_ID "22222222-2222-2222-2222-222222222222"

static const struct aks_field record_rows[] = {
    {.name = "name",
     .path = "name",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_REQUIRED | AKS_FIELD_FOLD,
     .documentation = "name"},
    {.name = "count", .path = "count", .type = AKS_FIELD_INTEGER, .maximum = 10, .documentation = "count"},
    {.name = "size",
     .path = "vmSize",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_CREATE_ONLY | AKS_FIELD_FOLD,
     .documentation = "size"},
};
static const struct aks_fields records = AKS_FIELDS(record_rows);

static const struct aks_field rows[] = {
    {.name = "text", .path = "a.text", .type = AKS_FIELD_STRING, .minimum = 1, .maximum = 5, .documentation = "text"},
    {.name = "folded", .path = "a.folded", .type = AKS_FIELD_STRING, .flags = AKS_FIELD_FOLD, .documentation = "text"},
    {.name = "label", .path = "a.label", .type = AKS_FIELD_STRING, .name_rule = "agent_pool", .documentation = "name"},
    {.name = "flag", .path = "a.flag", .type = AKS_FIELD_BOOLEAN, .documentation = "flag"},
    {.name = "off", .path = "a.off", .type = AKS_FIELD_BOOLEAN, .absent = "false", .documentation = "flag"},
    {.name = "number",
     .path = "a.number",
     .type = AKS_FIELD_INTEGER,
     .minimum = 1,
     .maximum = 1000,
     .documentation = "number"},
    {.name = "choice",
     .path = "a.choice",
     .type = AKS_FIELD_CHOICE,
     .choices = "azure|kubenet|none",
     .absent = "none",
     .documentation = "choice"},
    {.name = "location", .path = "location", .type = AKS_FIELD_LOCATION, .documentation = "region"},
    {.name = "uuid", .path = "a.uuid", .type = AKS_FIELD_UUID, .documentation = "UUID"},
    {.name = "address", .path = "a.address", .type = AKS_FIELD_ADDRESS, .documentation = "address"},
    {.name = "cidr", .path = "a.cidr", .type = AKS_FIELD_CIDR, .documentation = "prefix"},
    {.name = "cidrs", .path = "a.cidrs", .type = AKS_FIELD_CIDRS, .minimum = 1, .maximum = 3, .documentation = "many"},
    {.name = "ranges", .path = "a.ranges", .type = AKS_FIELD_CIDRS, .flags = AKS_FIELD_HOSTS, .documentation = "hosts"},
    {.name = "strings", .path = "a.strings", .type = AKS_FIELD_STRINGS, .documentation = "strings"},
    {.name = "ordered",
     .path = "a.ordered",
     .type = AKS_FIELD_STRINGS,
     .flags = AKS_FIELD_ORDERED,
     .documentation = "strings"},
    {.name = "tags", .path = "tags", .type = AKS_FIELD_TAGS, .flags = AKS_FIELD_FOLD, .documentation = "tags"},
    {.name = "labels", .path = "a.labels", .type = AKS_FIELD_TAGS, .documentation = "labels"},
    {.name = "subnet",
     .path = "a.subnet.id",
     .type = AKS_FIELD_REFERENCE,
     .target = "Microsoft.Network/virtualNetworks/subnets",
     .choices = "system|none",
     .documentation = "subnet"},
    {.name = "principal", .path = "a.principal", .type = AKS_FIELD_PRINCIPAL, .documentation = "principal"},
    {.name = "records",
     .path = "a.records",
     .type = AKS_FIELD_RECORDS,
     .items = &records,
     .maximum = 2,
     .documentation = "records"},
    {.name = "table", .path = "a.table", .type = AKS_FIELD_TABLE, .documentation = "table"},
    {.name = "id", .path = "id", .type = AKS_FIELD_STRING, .flags = AKS_FIELD_READ_ONLY, .documentation = "id"},
};
static const struct aks_fields fields = AKS_FIELDS(rows);

static const struct {
    const char *spec;
    const char *code;  /* of the one finding; NULL: none */
    const char *field; /* of the finding */
    const char *words; /* in its message or remedy */
} checks[] = {
    {"{}", NULL, NULL, NULL},
    {"{'text':'abcde'}", NULL, NULL, NULL},
    {"{'text':'äöüßé'}", NULL, NULL, NULL},
    {"{'text':'abcdef'}", "value_not_allowed", "text", "from 1 to 5 characters"},
    {"{'text':''}", "value_not_allowed", "text", "is empty"},
    {"{'text':5}", "type_mismatch", "text", "string expected, got 5"},
    {"{'text':null}", "type_mismatch", "text", "got null"},
    {"{'text':{}}", "type_mismatch", "text", "got a table"},
    {"{'label':'np1'}", NULL, NULL, NULL},
    {"{'label':'Np1'}", "name_invalid", "label", "1 to 12 lower case letters"},
    {"{'flag':true}", NULL, NULL, NULL},
    {"{'flag':'true'}", "type_mismatch", "flag", "boolean expected, got \"true\""},
    {"{'flag':0}", "type_mismatch", "flag", "got 0"},
    {"{'number':1}", NULL, NULL, NULL},
    {"{'number':1000}", NULL, NULL, NULL},
    {"{'number':3.0}", NULL, NULL, NULL},
    {"{'number':0}", "value_not_allowed", "number", "is 0; allowed: from 1 to 1000"},
    {"{'number':1001}", "value_not_allowed", "number", "1001"},
    {"{'number':2.5}", "type_mismatch", "number", "integer expected, got 2.5"},
    {"{'number':1e300}", "type_mismatch", "number", "integer expected"},
    {"{'number':'3'}", "type_mismatch", "number", "got \"3\""},
    {"{'choice':'azure'}", NULL, NULL, NULL},
    {"{'choice':'KubeNet'}", NULL, NULL, NULL},
    {"{'choice':'kubnet'}", "value_not_allowed", "choice", "did you mean 'kubenet'?"},
    {"{'choice':'zzz'}", "value_not_allowed", "choice", "azure|kubenet|none"},
    {"{'choice':''}", "value_not_allowed", "choice", "azure|kubenet|none"},
    {"{'choice':true}", "type_mismatch", "choice", "got true"},
    {"{'location':'West US 2'}", NULL, NULL, NULL},
    {"{'location':'west_us'}", "value_not_allowed", "location", "west_us"},
    {"{'location':''}", "value_not_allowed", "location", "region"},
    {"{'location':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}", "value_not_allowed",
     "location", "region"},
    {"{'location':7}", "type_mismatch", "location", "got 7"},
    {"{'uuid':'" OBJECT_ID "'}", NULL, NULL, NULL},
    {"{'uuid':'22222222'}", "value_not_allowed", "uuid", "UUID expected"},
    {"{'uuid':2}", "type_mismatch", "uuid", "UUID"},
    {"{'address':'10.0.0.10'}", NULL, NULL, NULL},
    {"{'address':'fd00::a'}", NULL, NULL, NULL},
    {"{'address':'10.0.0.300'}", "cidr_invalid", "address", "10.0.0.300"},
    {"{'address':10}", "type_mismatch", "address", "got 10"},
    {"{'cidr':'172.19.0.0/28'}", NULL, NULL, NULL},
    {"{'cidr':'172.19.0.1/28'}", "cidr_host_bits", "cidr", "172.19.0.0/28"},
    {"{'cidr':'172.19.0.0'}", "cidr_invalid", "cidr", "172.19.0.0"},
    {"{'cidr':'172.19.0.0/33'}", "cidr_invalid", "cidr", "172.19.0.0/33"},
    {"{'cidr':28}", "type_mismatch", "cidr", "CIDR prefix such as"},
    {"{'cidrs':['10.0.0.0/8']}", NULL, NULL, NULL},
    {"{'cidrs':[]}", "value_not_allowed", "cidrs", "is empty"},
    {"{'cidrs':{}}", "value_not_allowed", "cidrs", "is empty"},
    {"{'cidrs':['10.0.0.0/8','10.0.0.0/8','10.0.0.0/8','10.0.0.0/8']}", "value_not_allowed", "cidrs", "from 1 to 3"},
    {"{'cidrs':['10.0.0.0']}", "cidr_invalid", "cidrs", "10.0.0.0"},
    {"{'cidrs':[10]}", "type_mismatch", "cidrs", "at [1]"},
    {"{'cidrs':'10.0.0.0/8'}", "type_mismatch", "cidrs", "list of CIDR prefixes expected"},
    {"{'ranges':['10.0.0.1','10.1.0.0/16']}", NULL, NULL, NULL},
    {"{'ranges':[]}", NULL, NULL, NULL},
    {"{'ranges':['10.0.0.1/16']}", "cidr_host_bits", "ranges", "10.0.0.0/16"},
    {"{'strings':['a','b']}", NULL, NULL, NULL},
    {"{'strings':['a',2]}", "type_mismatch", "strings", "string expected at [2], got 2"},
    {"{'strings':{'a':'b'}}", "type_mismatch", "strings", "list of strings expected"},
    {"{'tags':{'a':'b'}}", NULL, NULL, NULL},
    {"{'tags':[]}", NULL, NULL, NULL},
    {"{'tags':{'a':1}}", "type_mismatch", "tags", "'a', got 1"},
    {"{'tags':['a']}", "type_mismatch", "tags", "table of strings"},
    {"{'subnet':'" SUBNET "'}", NULL, NULL, NULL},
    {"{'subnet':'" OTHER_CASE "'}", NULL, NULL, NULL},
    {"{'subnet':'System'}", NULL, NULL, NULL},
    {"{'subnet':'" IDENTITY "'}", "type_mismatch", "subnet", "Microsoft.ManagedIdentity/userAssignedIdentities"},
    {"{'subnet':'nodes'}", "value_not_allowed", "subnet", "/subscriptions/"},
    {"{'subnet':1}", "type_mismatch", "subnet", "resource or its id expected"},
    {"{'principal':'" OBJECT_ID "'}", NULL, NULL, NULL},
    {"{'principal':'" IDENTITY "'}", NULL, NULL, NULL},
    {"{'principal':'" SUBNET "'}", "type_mismatch", "principal", "an identity or a cluster"},
    {"{'principal':'me'}", "value_not_allowed", "principal", "object id"},
    {"{'records':[{'name':'a','count':1},{'name':'b'}]}", NULL, NULL, NULL},
    {"{'records':[{'count':1}]}", "field_required", "records[1].name", "is required"},
    {"{'records':[{'name':'a'},{'name':'b','count':11}]}", "value_not_allowed", "records[2].count", "11"},
    {"{'records':[{'name':'a'},{'name':'A'}]}", "value_not_allowed", "records[2].name", "earlier one"},
    {"{'records':[{'name':'a','cuont':1}]}", "unknown_field", "cuont", "did you mean 'count'?"},
    {"{'records':['a']}", "type_mismatch", "records", "table expected at [1]"},
    {"{'records':{'name':'a'}}", "type_mismatch", "records", "list of tables expected"},
    {"{'table':{'a':[1]}}", NULL, NULL, NULL},
    {"{'table':[]}", NULL, NULL, NULL},
    {"{'table':[1]}", "type_mismatch", "table", "table expected"},
    {"{'id':'x'}", "field_read_only", "id", "set by Azure"},
    {"{'adress':'10.0.0.1'}", "unknown_field", "adress", "did you mean 'address'?"},
    {"{'zzzzzzzz':1}", "unknown_field", "zzzzzzzz", "the fields are text, folded, label"},
};

static bool finding_says(const struct aks_finding *finding, const char *words)
{
    return strstr(finding->message, words) || (finding->remedy && strstr(finding->remedy, words));
}

static void every_type_is_checked_from_both_sides(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        struct aks_findings findings = {0};
        json_t *spec = json_of(checks[i].spec);

        assert_true(aks_fields_check(&fields, "thing 'x'", spec, &findings));
        if (findings.count != (checks[i].code ? 1 : 0))
            fail_msg("%s: %zu findings, first: %s", checks[i].spec, findings.count,
                     findings.count ? findings.items[0].message : "none");
        if (checks[i].code) {
            const struct aks_finding *finding = &findings.items[0];

            assert_string_equal(finding->resource, "thing 'x'");
            if (strcmp(finding->code, checks[i].code) != 0 || strcmp(finding->field, checks[i].field) != 0 ||
                !finding_says(finding, checks[i].words))
                fail_msg("%s: %s on %s: %s; %s", checks[i].spec, finding->code, finding->field, finding->message,
                         finding->remedy);
        }
        aks_findings_clear(&findings);
        json_decref(spec);
    }
}

static void strings_with_a_nul_are_refused(void **state)
{
    struct aks_findings findings = {0};
    json_t *spec = json_object();

    (void)state;
    assert_int_equal(json_object_set_new(spec, "text", json_stringn("a\0b", 3)), 0);
    assert_int_equal(json_object_set_new(spec, "strings", json_pack("[s%]", "a\0b", (size_t)3)), 0);
    assert_true(aks_fields_check(&fields, "thing 'x'", spec, &findings));
    assert_int_equal(findings.count, 2);
    assert_string_equal(findings.items[0].code, "type_mismatch");
    assert_non_null(strstr(findings.items[0].message, "\"a\\u0000b\""));
    aks_findings_clear(&findings);
    json_decref(spec);
}

static void all_faults_of_a_spec_are_found_at_once(void **state)
{
    json_t *spec = json_of("{'number':0,'adress':1,'cidr':'x','records':[{}],'id':'y'}");
    static const char *const codes[] = {"unknown_field", "value_not_allowed", "cidr_invalid", "field_required",
                                        "field_read_only"};
    struct aks_findings findings = {0};

    (void)state;
    assert_true(aks_fields_check(&fields, "thing 'x'", spec, &findings));
    assert_int_equal(findings.count, 5);
    for (size_t i = 0; i < findings.count; i++)
        assert_string_equal(findings.items[i].code, codes[i]);
    aks_findings_clear(&findings);
    json_decref(spec);
}

static void long_values_are_cut_between_characters(void **state)
{
    char text[400] = "";
    struct aks_findings findings = {0};
    json_t *spec;

    (void)state;
    for (size_t i = 0; i < 150; i++)
        strcat(text, "é");
    spec = json_pack("{s:s}", "text", text);
    assert_true(aks_fields_check(&fields, "thing 'x'", spec, &findings));
    assert_non_null(strstr(findings.items[0].message, "é..."));
    assert_true(strlen(findings.items[0].message) < 200);
    json_decref(spec);
    spec = json_string(findings.items[0].message); /* refused unless it is proper UTF-8 */
    assert_non_null(spec);
    json_decref(spec);
    aks_findings_clear(&findings);
}

static const struct {
    const char *field;
    const char *wanted, *present; /* NULL: absent */
    bool equal;
} pairs[] = {
    {"text", "'a'", "'a'", true},
    {"text", "'a'", "'A'", false},
    {"text", "'a'", NULL, false},
    {"folded", "'Standard_D4s_v3'", "'standard_d4s_v3'", true},
    {"flag", "true", "true", true},
    {"flag", "false", "true", false},
    {"flag", "false", NULL, false},
    {"number", "3", "3", true},
    {"number", "3.0", "3", true},
    {"number", "3", "4", false},
    {"choice", "'Azure'", "'azure'", true},
    {"choice", "'azure'", "'none'", false},
    {"location", "'West US 2'", "'westus2'", true},
    {"location", "'westus2'", "'westus'", false},
    {"location", "'westus'", "'westus2'", false},
    {"uuid", "'ABCDEF12-0000-0000-0000-000000000000'", "'abcdef12-0000-0000-0000-000000000000'", true},
    {"address", "'fd00::a'", "'FD00:0::000a'", true},
    {"address", "'10.0.0.10'", "'10.0.0.11'", false},
    {"cidr", "'fd00::/64'", "'fd00:0:0:0::/64'", true},
    {"cidr", "'10.0.0.0/16'", "'10.0.0.0/17'", false},
    {"cidrs", "['10.0.0.0/8','fd00::/64']", "['FD00::/64','10.0.0.0/8']", true},
    {"cidrs", "['10.0.0.0/8']", "['10.0.0.0/8','11.0.0.0/8']", false},
    {"cidrs", "['10.0.0.0/8','10.0.0.0/8']", "['10.0.0.0/8','11.0.0.0/8']", false},
    {"cidrs", "[]", NULL, true},
    {"cidrs", "{}", "[]", true},
    {"cidrs", "[]", "['10.0.0.0/8']", false},
    {"ranges", "['10.0.0.1']", "['10.0.0.1/32']", true},
    {"strings", "['a','b']", "['b','a']", true},
    {"strings", "['a']", "['A']", false},
    {"ordered", "['a','b']", "['b','a']", false},
    {"ordered", "['a','b']", "['a','b']", true},
    {"tags", "{'Env':'x'}", "{'env':'x','other':'y'}", true},
    {"tags", "{'env':'x'}", "{'env':'X'}", false},
    {"tags", "{'env':'x'}", NULL, false},
    {"tags", "{}", "{'env':'x'}", true},
    {"labels", "{'Env':'x'}", "{'env':'x'}", false},
    {"subnet", "'" SUBNET "'", "'" OTHER_CASE "'", true},
    {"subnet", "'" SUBNET "'", "'" SUBNET "2'", false},
    {"principal", "'" OBJECT_ID "'", "'" OBJECT_ID "'", true},
    {"principal", "'" OBJECT_ID "'", "'11111111-2222-2222-2222-222222222222'", false},
    {"principal", "'" IDENTITY "'", "'" OBJECT_ID "'", true},
    {"records", "[{'name':'A','count':1}]", "[{'name':'b'},{'name':'a','count':1,'size':'s'}]", true},
    {"records", "[{'name':'a','count':1}]", "[{'name':'a','count':2}]", false},
    {"records", "[{'name':'a'}]", "[]", false},
    {"table", "{'a':1}", "{'a':1}", true},
    {"table", "{'a':1}", "{'a':2}", false},
};

static void values_that_mean_the_same_are_equal(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct aks_field *field = aks_fields_find(&fields, pairs[i].field);
        json_t *wanted = json_of(pairs[i].wanted), *present = pairs[i].present ? json_of(pairs[i].present) : NULL;

        if (aks_field_equal(field, wanted, present) != pairs[i].equal)
            fail_msg("%s: %s and %s", pairs[i].field, pairs[i].wanted, pairs[i].present ? pairs[i].present : "nothing");
        json_decref(wanted);
        json_decref(present);
    }
}

static const struct {
    const char *document, *spec, *written;
} writes[] = {
    {"{}", "{'text':'a','number':3.0,'flag':false}", "{'a':{'text':'a','number':3,'flag':false}}"},
    {"{'a':null}", "{'text':'a'}", "{'a':{'text':'a'}}"},
    {"{}", "{'choice':'AZURE','location':'West US 2'}", "{'a':{'choice':'azure'},'location':'westus2'}"},
    {"{}", "{'off':false,'choice':'none','cidrs':{},'tags':[]}",
     "{'a':{'off':false,'choice':'none','cidrs':[]},'tags':{}}"},
    /* what means the same stays in Azure's words */
    {"{'a':{'choice':'Azure','folded':'X'},'location':'West US 2'}",
     "{'choice':'azure','folded':'x','location':'westus2'}",
     "{'a':{'choice':'Azure','folded':'X'},'location':'West US 2'}"},
    {"{'a':{'cidrs':['11.0.0.0/8','10.0.0.0/8']}}", "{'cidrs':['10.0.0.0/8','11.0.0.0/8']}",
     "{'a':{'cidrs':['11.0.0.0/8','10.0.0.0/8']}}"},
    {"{'a':{'cidrs':['11.0.0.0/8','10.0.0.0/8']}}", "{'cidrs':['10.0.0.0/8']}", "{'a':{'cidrs':['10.0.0.0/8']}}"},
    {"{'tags':{'owner':'me','Env':'old'}}", "{'tags':{'env':'new'}}", "{'tags':{'owner':'me','Env':'new'}}"},
    {"{'a':{'labels':{'Env':'old'}}}", "{'labels':{'env':'new'}}", "{'a':{'labels':{'Env':'old','env':'new'}}}"},
    {"{'a':{'subnet':{'id':''}}}", "{'subnet':'" SUBNET "'}", "{'a':{'subnet':{'id':'" SUBNET "'}}}"},
    {"{'a':{'records':[{'name':'one','count':1,'extra':true},{'name':'two','count':2}]}}",
     "{'records':[{'name':'ONE','count':5},{'name':'three','count':3}]}",
     "{'a':{'records':[{'name':'one','count':5,'extra':true},{'name':'two','count':2},{'name':'three','count':3}]}}"},
    {"{'a':{'other':1}}", "{'table':{'x':null}}", "{'a':{'other':1,'table':{'x':null}}}"},
};

static void fields_are_written_into_a_document(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        json_t *document = json_of(writes[i].document), *spec = json_of(writes[i].spec);
        struct aks_error error = {0};

        assert_true(aks_fields_write(&fields, spec, document, &error));
        expect_json_new(document, writes[i].written);
        json_decref(spec);
    }
}

static void a_document_of_another_shape_is_an_error(void **state)
{
    json_t *document = json_of("{'a':'text'}"), *spec = json_of("{'flag':true}");
    struct aks_error error = {0};

    (void)state;
    assert_false(aks_fields_write(&fields, spec, document, &error));
    assert_string_equal(aks_error_code(&error), "response_invalid");
    aks_error_clear(&error);
    json_decref(document);
    json_decref(spec);
}

static const struct {
    const char *field, *document, *value;
} reads[] = {
    {"text", "{'a':{'text':'x'}}", "'x'"},
    {"text", "{}", NULL},
    {"text", "{'a':{'text':null}}", NULL},
    {"off", "{}", "false"},
    {"off", "{'a':{'off':true}}", "true"},
    {"choice", "{}", "'none'"},
    {"subnet", "{'a':{'subnet':{'id':''}}}", NULL},
    {"subnet", "{'a':{'subnet':{'id':'" SUBNET "'}}}", "'" SUBNET "'"},
    {"records", "{'a':{'records':[{'name':'a','vmSize':'s','extra':1}]}}", "[{'name':'a','size':'s'}]"},
    {"tags", "{'tags':{'a':'b'}}", "{'a':'b'}"},
    {"id", "{'id':'x'}", "'x'"},
};

static void fields_are_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
        json_t *document = json_of(reads[i].document);

        expect_json_new(aks_field_read(aks_fields_find(&fields, reads[i].field), document), reads[i].value);
        json_decref(document);
    }
}

static const struct {
    const char *spec, *document;
    const char *changes; /* their names with what they were and will be */
} comparisons[] = {
    {"{'text':'a','off':false,'cidrs':[],'choice':'NONE'}", "{'a':{'text':'a'}}", ""},
    {"{}", "{'a':{'text':'a'}}", ""},
    {"{'text':'b','number':2}", "{'a':{'text':'a'}}", "text \"a\" \"b\";number nothing 2;"},
    {"{'off':true}", "{}", "off false true;"},
    {"{'records':[{'name':'a','count':1,'size':'S'},{'name':'b'}]}",
     "{'a':{'records':[{'name':'A','count':2,'vmSize':'s'}]}}",
     "records.a.count 2 1;records.b nothing {\"name\":\"b\"};"},
};

static void only_differences_of_declared_fields_are_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
        json_t *document = json_of(comparisons[i].document), *spec = json_of(comparisons[i].spec);
        struct aks_changes changes = {0};
        struct aks_error error = {0};
        char text[500] = "";

        assert_true(aks_fields_compare(&fields, spec, document, &changes, &error));
        for (size_t j = 0; j < changes.count; j++) {
            char *from = changes.items[j].from ? json_dumps(changes.items[j].from, JSON_ENCODE_ANY | JSON_COMPACT)
                                               : strdup("nothing");
            char *to = json_dumps(changes.items[j].to, JSON_ENCODE_ANY | JSON_COMPACT);
            size_t used = strlen(text);

            snprintf(text + used, sizeof text - used, "%s %s %s;", changes.items[j].name, from, to);
            free(from);
            free(to);
        }
        assert_string_equal(text, comparisons[i].changes);
        aks_changes_clear(&changes);
        json_decref(document);
        json_decref(spec);
    }
}

struct torture {
    json_t *spec, *document;
};

static bool write_and_compare(void *context)
{
    const struct torture *torture = context;
    struct aks_changes changes = {0};
    struct aks_error error = {0};
    json_t *document = json_deep_copy(torture->document);
    bool done = document && aks_fields_compare(&fields, torture->spec, document, &changes, &error) &&
                aks_fields_write(&fields, torture->spec, document, &error);

    if (document && !done)
        assert_string_equal(aks_error_code(&error), "out_of_memory");
    aks_changes_clear(&changes);
    aks_error_clear(&error);
    json_decref(document);
    return done;
}

static void want_of_memory_is_told_and_leaks_nothing(void **state)
{
    struct torture torture = {
        .spec = json_of("{'text':'b','number':2.0,'location':'West US','cidrs':['10.0.0.0/8'],'tags':{'a':'b'},"
                        "'records':[{'name':'a','count':1},{'name':'b'}],'table':{'a':{'b':1}}}"),
        .document = json_of("{'tags':{'A':'c'}}"),
    };

    (void)state;
    torture_json(write_and_compare, &torture);
    json_decref(torture.spec);
    json_decref(torture.document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_checked_from_both_sides),
        cmocka_unit_test(strings_with_a_nul_are_refused),
        cmocka_unit_test(all_faults_of_a_spec_are_found_at_once),
        cmocka_unit_test(long_values_are_cut_between_characters),
        cmocka_unit_test(values_that_mean_the_same_are_equal),
        cmocka_unit_test(fields_are_written_into_a_document),
        cmocka_unit_test(a_document_of_another_shape_is_an_error),
        cmocka_unit_test(fields_are_read_back),
        cmocka_unit_test(only_differences_of_declared_fields_are_changes),
        cmocka_unit_test(want_of_memory_is_told_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
