//! GroupDetails and GroupMembers of Microsoft Graph Data Connect, as its samples write them.

use crate::layouts::{World, write_rows};
use crate::process::{error, refused};

/// The worked example with a group of an export. Anna (e1) and Ben (e2) are in it.
fn world(files: &[(&str, &str)]) -> World {
    let world = World::new();
    world.change(
        "addresses = [\"anna@us.com\", \"ben@us.com\"]",
        "addresses = [\"sales@us.com\", \"anna@us.com\"]",
    );
    world.change("[users]", "[groups]\npath = \"groups/\"\nformat = \"graph-data-connect\"\n[users]");
    for (name, text) in files {
        world.write(&format!("groups/{name}"), text);
    }
    world
}

const DETAILS: &str =
    "{\"id\":\"g1\",\"mail\":\"sales@us.com\",\"mailEnabled\":true,\"groupTypes\":[],\"pObjectId\":\"g1\"}\n";

/// Two rows of GroupMembers with these members, in which SELF is the id of the member.
fn members(more: &str) -> String {
    let row = |id: &str, name: &str| {
        let more = more.replace("SELF", id);
        format!("{{\"id\":\"{id}\",\"userPrincipalName\":\"{name}@us.com\",{more}}}\n")
    };
    row("e1", "anna") + &row("e2", "ben")
}

/// What a check says of the group.
fn resolved(world: &World) -> String {
    let outcome = world.command("check", &[]);
    assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert!(!text.contains("Note: [groups]"), "{text}");
    let group = text.lines().find(|line| line.contains("sales@us.com")).unwrap();
    group.trim().to_owned()
}

#[test]
fn every_way_to_name_the_group_of_a_member() {
    let slim = "{\"id\":\"g1\",\"mail\":\"sales@us.com\",\"pObjectId\":\"g1\"}\n";
    for details in [DETAILS, slim] {
        for more in [
            "\"pObjectId\":\"g1\"",
            "\"ODataType\":\"#microsoft.graph.user\",\"pObjectId\":\"g1\",\"puser\":null",
            "\"puser\":\"g1\"",
            "\"pObjectId\":\"g1\",\"puser\":\"SELF\"",
            "\"ODataType\":\"#microsoft.graph.user\",\"pObjectId\":\"SELF\",\"puser\":\"g1\"",
            "\"pObjectId\":\"{G1}\",\"groupTypes\":null,\"mailEnabled\":null",
        ] {
            let world = world(&[("details.json", details), ("members.json", &members(more))]);
            assert_eq!(resolved(&world), "sales@us.com  2 addresses", "{more}");
        }
    }
}

#[test]
fn members_and_nested_groups_without_an_address() {
    let details =
        format!("{DETAILS}{{\"id\":\"{{G2}}\",\"mail\":\"west@us.com\",\"groupTypes\":[\"Unified\"]}}\n");
    let members = "{\"id\":\"E1\",\"pObjectId\":\"g2\",\"ODataType\":\"#microsoft.graph.user\"}\n\
                   {\"id\":\"g2\",\"pObjectId\":\"G1\",\"ODataType\":\"#microsoft.graph.group\"}\n\
                   {\"id\":\"{e2}\",\"pObjectId\":\"G1\"}\n";
    let world = world(&[("details.json", &details), ("members.json", members)]);
    assert_eq!(resolved(&world), "sales@us.com  2 addresses");
}

#[test]
fn parquet_with_both_exports() {
    let world = world(&[]);
    std::fs::create_dir(world.path("groups")).unwrap();
    let sql = "select id, upn as \"userPrincipalName\", mail, types as \"groupTypes\", enabled as \"mailEnabled\", o as \
               \"pObjectId\" from (values ('g1', null, 'sales@us.com', ['Unified'], true, 'g1'), \
               ('e1', 'anna@us.com', null, null, null, 'g1'), ('e2', 'ben@us.com', null, null, null, 'g1')) \
               as v(id, upn, mail, types, enabled, o)";
    write_rows(&world.path("groups/all.parquet"), sql);
    assert_eq!(resolved(&world), "sales@us.com  2 addresses");
}

/// A nested group can have the columns of GroupDetails, a row without an error the word for none, and a row without an `id`
/// is counted.
#[test]
fn members_with_other_columns() {
    let details = format!("{DETAILS}{{\"id\":\"g2\",\"mail\":\"west@us.com\",\"groupTypes\":[]}}\n");
    let members = "{\"id\":\"e1\",\"mail\":\"anna@us.com\",\"pObjectId\":\"g2\",\"rowinformation\":{\"errorInformation\":\"null\"}}\n\
                   {\"id\":\"g2\",\"pObjectId\":\"g1\",\"mailEnabled\":true,\"groupTypes\":[]}\n\
                   {\"id\":\"e2\",\"mail\":\"ben@us.com\",\"pObjectId\":\"g1\",\"rowinformation\":{\"errorInformation\":{}}}\n";
    let files = [("details.json", &details[..]), ("members.json", members)];
    assert_eq!(resolved(&world(&files)), "sales@us.com  2 addresses");
    let more = format!("{members}{{\"mail\":\"zoe@us.com\",\"pObjectId\":\"g1\"}}\n");
    let with_zoe = world(&[("details.json", &details), ("members.json", &more)]);
    assert!(with_zoe.printed()[0].contains("sales@us.com  3 addresses"));
    let lost = format!("{members}{{\"pObjectId\":\"g1\"}}\n");
    world(&[("details.json", &details), ("members.json", &lost)])
        .says("[groups] 1 member without an address, so without a mailbox");
}

/// Owners have the columns of members, and need not be members.
#[test]
fn owners_are_not_members() {
    let owners = "{\"id\":\"e9\",\"userPrincipalName\":\"eve@us.com\",\"pObjectId\":\"g1\"}\n";
    let members = members("\"pObjectId\":\"g1\"");
    for name in ["GroupOwners_v0.json", "group_owners.json"] {
        let files = [("details.json", DETAILS), ("members.json", &members), (name, owners)];
        let world = world(&files);
        let file = world.path("groups").join(name);
        world.says(&format!(
            "[groups] {} is not read: GroupOwners are owners of groups, who need not be members",
            file.display()
        ));
        assert!(world.printed()[0].contains("sales@us.com  2 addresses"));
    }
}

#[test]
fn one_of_the_two_exports_is_missing() {
    let no_details = world(&[("m.json", &members("\"puser\":\"g1\""))]);
    refused(
        &no_details.command("check", &[]),
        1,
        "m.json: the export GroupDetails is missing: no file has column 'groupTypes' or 'mailEnabled' or 'pObjectId'",
    );
    let no_members = world(&[("d.json", "{\"id\":\"g1\",\"mail\":\"sales@us.com\",\"mailEnabled\":true}")]);
    refused(
        &no_members.command("check", &[]),
        1,
        "d.json: the export GroupMembers is missing: no file has column 'pObjectId' or 'puser'",
    );
    let listed = |world: &World| {
        world.change("addresses = [\"sales@us.com\", ", "addresses = [\"sales@us.com\", \"ben@us.com\", ");
    };
    let no_members = world(&[("d.json", DETAILS)]);
    listed(&no_members);
    no_members.says(
        "[groups] no row is a member of a group, so no group has members; GroupMembers exports have them",
    );
    let no_details = world(&[("m.json", &members("\"pObjectId\":\"g1\""))]);
    listed(&no_details);
    no_details.says(
        "[groups] 2 members of 1 group for which there is no row of GroupDetails, so they are in no group",
    );
    no_details.says("[groups] has no addresses of groups, so no listed address is a group");
}
